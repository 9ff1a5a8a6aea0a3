/**
 * The whole installation in this process, as `npm start` runs it, with a clock that is moved by hand and every log line
 * kept. It can be stopped and started again over the same folder.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Engines, type Headcount, startHeadcount } from '../../services/headcount.ts'
import { closings } from '../../services/worker/closing.ts'
import { ManualClock } from '../../shared/clock.ts'
import { readConfig } from '../../shared/config.ts'
import { createLogger, type Logger } from '../../shared/logger.ts'

/** A Friday, half a minute into a window of every grain. */
export const startTime = '2026-11-20T12:00:30Z'
const settleMs = 60_000
const maintainTurnsMax = 20

export class WholeInstallation {
  readonly dir: string
  readonly clock: ManualClock
  /** Every line that was logged, at every level. */
  readonly lines: string[] = []
  readonly logger: Logger
  /** Settings beside those below; what is set here holds from the next start on. */
  readonly settings: Record<string, string>
  readonly #wrapEngines: (engines: Engines) => Engines
  #running: Headcount | undefined

  private constructor(
    dir: string,
    wrapEngines: (engines: Engines) => Engines,
    settings: Record<string, string>,
    at: string,
  ) {
    this.dir = dir
    this.clock = new ManualClock(at)
    this.settings = { ...settings }
    this.#wrapEngines = wrapEngines
    this.logger = createLogger({ logLevel: 'trace' }, { write: (line) => void this.lines.push(line) })
  }

  static async start(
    wrapEngines = (engines: Engines) => engines,
    settings: Record<string, string> = {},
    at = startTime,
  ): Promise<WholeInstallation> {
    const dir = await mkdtemp(path.join(os.tmpdir(), 'headcount-privacy-'))
    const installation = new WholeInstallation(dir, wrapEngines, settings, at)
    await installation.restart()
    return installation
  }

  get headcount(): Headcount {
    if (!this.#running) throw new Error('the installation is stopped')
    return this.#running
  }

  /** Drains everything and closes the engines. */
  async stop(): Promise<void> {
    await this.#running?.close()
    this.#running = undefined
  }

  async restart(): Promise<void> {
    await this.stop()
    this.#running = await startHeadcount({
      config: readConfig({
        HEADCOUNT_DATA_DIR: this.dir,
        HEADCOUNT_COLLECTOR_PORT: '0',
        HEADCOUNT_REPORTING_PORT: '0',
        HEADCOUNT_LINGER_MS: '0',
        HEADCOUNT_PARTITIONS: '4',
        // Canary addresses come as a proxy would forward them.
        HEADCOUNT_TRUSTED_PROXIES: '127.0.0.1',
        // Nothing is suppressed: what could be in an answer is in it.
        HEADCOUNT_K: '1',
        ...this.settings,
      }),
      clock: this.clock,
      logger: this.logger,
      onFatal: (error) => this.lines.push(`fatal ${error}`),
      wrapEngines: this.#wrapEngines,
    })
    this.#running.markReady()
  }

  /** Waits until everything that is in the log is counted; moves the clock on by a second. */
  async settle(): Promise<void> {
    // Progress says up to which moment all is counted; a second later is surely after every append.
    this.clock.advance(1000)
    const deadline = Date.now() + settleMs
    for (;;) {
      const { worker, engines } = this.headcount
      const progress = worker.progress()
      const isFresh = progress.every(({ lag, freshTo }) => lag === 0 && freshTo >= this.clock.now())
      if (progress.length === engines.log.partitions && isFresh) return
      if (Date.now() > deadline) throw new Error(`the worker does not get on: ${JSON.stringify(progress)}`)
      await sleep(10)
    }
  }

  /** Goes to that moment; what is due by then is closed and removed. */
  async passTo(moment: string): Promise<void> {
    this.clock.set(moment)
    await this.settle()
    const { worker, engines } = this.headcount
    // A day whose seal takes longer than one turn waits for it is closed in a later one; some days stay, on purpose.
    for (let turns = 0; turns < maintainTurnsMax; turns++) {
      await worker.maintain()
      if ((await closings(engines.keyValue)).length === 0) return
    }
  }

  async remove(): Promise<void> {
    await this.stop()
    await rm(this.dir, { recursive: true, force: true, maxRetries: 10 })
  }
}
