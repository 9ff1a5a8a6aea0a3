/** Shows a run while it goes: a table drawn in place on a terminal, a line now and then elsewhere. */
import { setTimeout as sleep } from 'node:timers/promises'
import { LiveText } from './demo-live-text.ts'
import type { DemoRun, Figures } from './demo-run.ts'
import { type DemoState, plainLine, tableLines } from './demo-table.ts'

const drawEveryMs = 1_000
const lineEveryMs = 5_000

export class DemoScreen {
  readonly #run: DemoRun
  readonly #title: string
  readonly #k: number
  readonly #stop = new AbortController()
  #figures: Figures | undefined
  #trouble: string | undefined

  constructor(run: DemoRun, title: string, k: number) {
    this.#run = run
    this.#title = title
    this.#k = k
  }

  /** Resolves after `stop`, with a last look. */
  async run(): Promise<void> {
    const { stdout } = process
    const live = stdout.isTTY ? new LiveText(stdout) : undefined
    if (!live) stdout.write(`${this.#title}\n`)
    for (;;) {
      const stopped = this.#stop.signal.aborted
      await this.#look()
      if (live) live.draw(tableLines(this.#state(), stdout.columns, stdout.rows, Date.now()))
      else if (!stopped) stdout.write(`${plainLine(this.#state(), Date.now())}\n`)
      if (stopped) break
      const pause = live ? drawEveryMs : lineEveryMs
      await sleep(pause, undefined, { signal: this.#stop.signal }).catch(() => undefined)
    }
    live?.stop()
  }

  stop(): void {
    this.#stop.abort()
  }

  async #look(): Promise<void> {
    try {
      this.#figures = await this.#run.figures()
      this.#trouble = undefined
    } catch (error) {
      const { message, cause } = error as Error & { cause?: { code?: string } }
      this.#trouble = `No figures from reporting (${cause?.code ?? message}); trying again`
    }
  }

  #state(): DemoState {
    const { sender, expected, elapsedMs, options } = this.#run
    const figures = this.#figures
    return {
      title: this.#title,
      elapsedMs,
      totalMs: options.seconds * 1000,
      tally: sender.tally,
      inFlight: sender.inFlight,
      counted: figures && this.#run.counted(figures),
      expected: expected.events,
      features: figures ? this.#run.features(figures) : new Map(),
      usage: figures?.byFeature ?? figures?.total,
      k: this.#k,
      trouble: this.#trouble,
    }
  }
}
