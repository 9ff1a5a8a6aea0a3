/**
 * A batch as it may be stored at this moment. Whoever is about to store asks for it right before, each time anew: minutes
 * may lie between two tries, and what was acknowledged before the later one is heeded by it.
 */
import type { LogRecord } from '../../shared/eventlog/port.ts'
import type { BatchResult, BatchRunner } from './batch.ts'
import type { Stretch } from './store.ts'

export class HeededBatch {
  readonly #runner: BatchRunner
  readonly #records: readonly LogRecord[]
  readonly #stretch: Stretch
  readonly #isStored: boolean
  #batch: BatchResult | undefined

  /** @param isStored it only is run again, and is not to be stored */
  constructor(runner: BatchRunner, records: readonly LogRecord[], stretch: Stretch, isStored = false) {
    this.#runner = runner
    this.#records = records
    this.#stretch = stretch
    this.#isStored = isStored
  }

  /** @throws TooManyCellsError */
  async run(): Promise<BatchResult> {
    this.#batch = await this.#runner.run(this.#records, this.#stretch, this.#isStored)
    return this.#batch
  }

  /**
   * Looks whether anybody in the batch has chosen not to be counted since it was run, and runs it again without them.
   * @throws ChoiceLogUnavailableError, TooManyCellsError
   */
  async now(): Promise<BatchResult> {
    let batch = this.#batch ?? (await this.run())
    // Ends: each turn leaves out one more of the records, or more.
    while (await this.#runner.isOutdated()) batch = await this.run()
    return batch
  }

  /** Counts it in the metrics, once, when it is stored; returns its events. */
  tell(): number {
    return this.#batch?.tell() ?? 0
  }
}
