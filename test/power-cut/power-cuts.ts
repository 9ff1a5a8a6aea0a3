/**
 * One process on the embedded engines, under load; again and again the power is cut: everything that it had written and
 * not synced is gone. In the end every acknowledged event is counted once.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { diesWithParent } from '../../infra/services/dies-with-parent.ts'
import { freePorts } from '../../infra/services/free-ports.ts'
import { Random } from '../../services/command-line/demo-random.ts'
import { systemClock } from '../../shared/clock.ts'
import { ageMs, catalogueText } from '../crash/batches.ts'
import { type Comparison, compareCounts } from '../crash/compare-counts.ts'
import { cellsOfApi, freshTo } from '../crash/counted-cells.ts'
import { Senders } from '../crash/senders.ts'
import { until } from '../fixtures/until.ts'
import { DurableState, type RolledBack } from './durable-state.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const secrets = {
  HEADCOUNT_WRITE_KEY: 'power-cut-write-key-01',
  HEADCOUNT_ADMIN_TOKEN: 'power-cut-admin-token',
  HEADCOUNT_ANALYST_TOKEN: 'power-cut-analyst-tok',
}
const batchesPerRound = 12
const sendersCount = 3
/** Some longer than parts of the warehouse live once they have been merged. */
const upMs = { min: 100, max: 9000 }
const readyMsMax = 60_000
const settleMsMax = 60_000

export interface PowerCutOptions {
  readonly seed: number
  readonly rounds: number
  /** Syncs of files with this in their path are acknowledged and forgotten: the control. */
  readonly forgets?: string
  readonly log: (line: string) => void
}

export interface PowerCutResult extends Comparison {
  readonly cuts: number
  readonly rolledBack: RolledBack
  readonly batches: number
  readonly events: number
}

/** @throws Error without gcc, or when the process does not start on what is left */
export async function cutPower({ seed, rounds, forgets, log }: PowerCutOptions): Promise<PowerCutResult> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'headcount-power-cut-'))
  const dataDir = path.join(dir, 'data')
  const catalogue = path.join(dir, 'catalogue.yaml')
  await mkdir(dataDir)
  await writeFile(catalogue, catalogueText(rounds * batchesPerRound))
  const durable = await DurableState.watch(dataDir, dir)
  const [collector = 0, reporting = 0] = await freePorts(2)
  const urls = { collector: `http://127.0.0.1:${collector}`, reporting: `http://127.0.0.1:${reporting}` }
  const host = new Host(urls, {
    ...{ ...secrets, ...durable.environment(forgets) },
    HEADCOUNT_DATA_DIR: dataDir,
    HEADCOUNT_CATALOGUE: catalogue,
    HEADCOUNT_COLLECTOR_PORT: String(collector),
    HEADCOUNT_REPORTING_PORT: String(reporting),
    HEADCOUNT_LINGER_MS: '20',
    HEADCOUNT_K: '1',
  })
  const startedAt = Date.now()
  const writeKey = secrets.HEADCOUNT_WRITE_KEY
  const senders = new Senders({ seed, writeKey, time: systemClock, batchesMax: rounds * batchesPerRound })
  const rolledBack: RolledBack = { files: 0, bytes: 0 }
  const random = new Random(seed)
  try {
    senders.start(sendersCount)
    for (let round = 1; round <= rounds; round++) {
      await host.start()
      senders.turnTo(urls.collector)
      senders.allow(round * batchesPerRound)
      await sleep(random.integer(upMs.min, upMs.max))
      await host.kill()
      const { files, bytes } = await durable.cut()
      rolledBack.files += files
      rolledBack.bytes += bytes
      log(`cut ${round}: ${files} files, ${bytes} bytes gone · ${senders.acknowledged.length} batches acknowledged`)
    }
    await host.start()
    await senders.finish(settleMsMax)
    const asked = {
      reportingUrl: urls.reporting,
      analystToken: secrets.HEADCOUNT_ANALYST_TOKEN,
      from: startedAt - ageMs,
    }
    const to = Date.now()
    await until(async () => (await freshTo({ ...asked, to })) >= to, settleMsMax)
    const compared = compareCounts(senders.acknowledged, await cellsOfApi({ ...asked, to: Date.now() }))
    return { ...compared, cuts: rounds, rolledBack, batches: senders.acknowledged.length, events: senders.events }
  } finally {
    senders.abandon()
    await host.kill()
    await rm(dir, { recursive: true, force: true })
  }
}

/** As `npm start`, with other settings. */
class Host {
  readonly #urls: { collector: string; reporting: string }
  readonly #environment: Record<string, string>
  #child: ChildProcess | undefined

  constructor(urls: { collector: string; reporting: string }, environment: Record<string, string>) {
    this.#urls = urls
    this.#environment = environment
  }

  /** Resolves when an event has gone through. @throws Error with what it wrote when it ends instead */
  async start(): Promise<void> {
    const { PATH, HOME } = process.env
    const child = spawn(process.execPath, ['--import', 'tsx', 'services/start.ts'], {
      cwd: root,
      env: { PATH, HOME, ...this.#environment },
      detached: true,
    })
    diesWithParent(child)
    this.#child = child
    let output = ''
    const collect = (chunk: Buffer) => {
      output = (output + chunk).slice(-4000)
    }
    child.stdout?.on('data', collect)
    child.stderr?.on('data', collect)
    await until(async () => {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`it does not start on what the power cut left:\n${output}`)
      const answer = await fetch(`${this.#urls.reporting}/health/ready`).catch(() => undefined)
      return answer?.ok === true
    }, readyMsMax)
  }

  async kill(): Promise<void> {
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }
}
