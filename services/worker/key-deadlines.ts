/**
 * The alarm before a key is destroyed unsealed: at its deadline an epoch's key goes whether or not all of the epoch was
 * counted and sealed. An epoch that closes by itself does so two days earlier, so whatever comes near is late.
 */
import type { Logger } from '../../shared/logger.ts'
import type { Metrics } from '../../shared/metrics.ts'
import { epochKeyWarningMs } from '../../shared/retention/limits.ts'
import { type EpochName, epochKinds } from '../../shared/window.ts'
import type { EpochTimes } from './close-epochs.ts'

export class KeyDeadlines {
  readonly #metrics: Pick<Metrics, 'epochKeyDeadlineSeconds'>
  readonly #logger: Logger
  /** Those that were warned of; bounded by the epochs that live. */
  #warned: ReadonlySet<EpochName> = new Set()

  constructor(metrics: Pick<Metrics, 'epochKeyDeadlineSeconds'>, logger: Logger) {
    this.#metrics = metrics
    this.#logger = logger
  }

  /**
   * Measures the nearest deadline of each kind of epoch, and warns once of each that is near.
   * @param living of every living key
   * @param now ms since the Unix epoch
   */
  look(living: readonly EpochTimes[], now: number): void {
    this.forget()
    for (const kind of epochKinds) {
      const deadlines = living.filter(({ name }) => name.startsWith(`${kind}:`)).map(({ deadline }) => deadline)
      if (deadlines.length > 0)
        this.#metrics.epochKeyDeadlineSeconds.set({ kind }, (Math.min(...deadlines) - now) / 1000)
    }
    const near = living.filter(({ deadline }) => now >= deadline - epochKeyWarningMs)
    for (const { name, deadline } of near) if (!this.#warned.has(name)) this.#warn(name, deadline)
    this.#warned = new Set(near.map(({ name }) => name))
  }

  /** For a process that looks no more. */
  forget(): void {
    this.#metrics.epochKeyDeadlineSeconds.reset()
  }

  #warn(epoch: EpochName, deadline: number): void {
    this.#logger.warn(
      { epoch, deadline: new Date(deadline).toISOString() },
      'the key of this epoch is destroyed at its deadline even if it has not closed by then: what is not counted of it stays uncounted, and a day that is not sealed gets no release. Are the workers behind (headcount_freshness_seconds), or does the seal fail (headcount_seal_failures_total)?',
    )
  }
}
