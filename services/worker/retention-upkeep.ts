/**
 * The retention of the worker that has the upkeep: every ten minutes, and at once when a hold was placed or released, what
 * is past its time goes. What legal holds keep, the ledger says.
 */
import type { ChoiceBook } from '../../shared/choices/choice-book.ts'
import type { EpochKeys } from '../../shared/epoch-keys.ts'
import { type Hold, type Ledger, LedgerBrokenError } from '../../shared/ledger/port.ts'
import type { Logger } from '../../shared/logger.ts'
import type { Metrics } from '../../shared/metrics.ts'
import { endedHolds, type Held, heldAt, nothingHeld } from '../../shared/retention/holds.ts'
import { epochKinds, minuteMs } from '../../shared/window.ts'
import type { KeptNow } from '../retention/kept-now.ts'
import { forgetMeasured, measureRetention } from '../retention/measure-retention.ts'
import { epochTimes } from './close-epochs.ts'
import { KeyDeadlines } from './key-deadlines.ts'
import { readQuarantine } from './quarantine.ts'
import { applyRetention, type RetentionTools } from './retention.ts'

export interface RetentionUpkeepDeps extends Omit<RetentionTools, 'held'> {
  readonly epochKeys: EpochKeys
  readonly metrics: Metrics
  readonly logger: Logger
  readonly choices?: ChoiceBook
  /** Without: nothing is held. */
  readonly ledger?: Ledger
  /** What is kept, for metrics. Without: it is not measured. */
  readonly lookAtRetention?: () => Promise<readonly KeptNow[]>
}

const everyMs = 10 * minuteMs
const keysEveryMs = minuteMs
/** After a failure it is not waited so long. */
const againMs = minuteMs
/** While the ledger cannot be trusted nobody knows what is held; counts are about nobody and can wait, raw records cannot. */
const heldUnknown: Held = { aggregates: ['unknown'], ledger: ['unknown'], raw: [] }

export class RetentionUpkeep {
  readonly #deps: RetentionUpkeepDeps
  #doneAt = Number.NEGATIVE_INFINITY
  #doneUnder = ''
  #lastHolds: readonly Hold[] | undefined
  #keysLookedAt = Number.NEGATIVE_INFINITY
  readonly #deadlines: KeyDeadlines

  constructor(deps: RetentionUpkeepDeps) {
    this.#deps = deps
    this.#deadlines = new KeyDeadlines(deps.metrics, deps.logger)
  }

  /** What is held now. Ends holds of raw records whose time has come. */
  async held(): Promise<Held> {
    const { ledger, clock } = this.#deps
    if (!ledger) return nothingHeld
    try {
      const now = clock.now()
      const holds = (await ledger.state()).holds()
      if (endedHolds(holds, now).length > 0) await endHolds(ledger, now)
      this.#lastHolds = holds
      return heldAt(holds, now)
    } catch (error) {
      if (!(error instanceof LedgerBrokenError)) throw error
      return this.#lastHolds ? heldAt(this.#lastHolds, clock.now()) : heldUnknown
    }
  }

  /**
   * Measures how near the deadlines of keys are, and warns. By itself: a warehouse that is away is what makes days late.
   */
  async watchKeys(): Promise<void> {
    const { clock, epochKeys, keyValue, metrics } = this.#deps
    if (clock.now() < this.#keysLookedAt + keysEveryMs) return
    const living = await epochTimes({ epochKeys, keyValue })
    for (const kind of epochKinds)
      metrics.epochKeys.set({ kind }, living.filter(({ name }) => name.startsWith(kind)).length)
    this.#deadlines.look(living, clock.now())
    this.#keysLookedAt = clock.now()
  }

  /** Removes what is past its time, if it is time to look or holds have changed. */
  async run(): Promise<void> {
    const { clock, logger } = this.#deps
    const held = await this.held()
    const under = JSON.stringify(held)
    if (clock.now() < this.#doneAt + everyMs && under === this.#doneUnder) return
    if (under !== this.#doneUnder && this.#doneUnder !== '') logger.info({ held }, 'what legal holds keep has changed')
    this.#doneAt = clock.now()
    await applyRetention({ ...this.#deps, held })
    this.#doneUnder = under
    await this.#measure()
  }

  async #measure(): Promise<void> {
    const { metrics, log, warehouse, keyValue, clock, lookAtRetention } = this.#deps
    metrics.logBytes.set(await log.bytes())
    metrics.tableBytes.set(await warehouse.tableBytes())
    metrics.quarantined.set((await readQuarantine(keyValue)).reduce((sum, { events }) => sum + events, 0))
    if (lookAtRetention) measureRetention(metrics, await lookAtRetention(), clock.now())
  }

  /** The upkeep has failed: of what is there nothing is known now, and that it is not told has an alert of its own. */
  failed(): void {
    forgetMeasured(this.#deps.metrics)
    this.#doneAt = Math.min(this.#doneAt, this.#deps.clock.now() - everyMs + againMs)
  }

  /** Another worker has the upkeep now: what this one saw last is not told on. */
  rest(): void {
    this.#doneUnder = ''
    this.#doneAt = Number.NEGATIVE_INFINITY
    this.#keysLookedAt = Number.NEGATIVE_INFINITY
    this.#deadlines.forget()
    forgetMeasured(this.#deps.metrics)
  }
}

async function endHolds(ledger: Ledger, now: number): Promise<void> {
  await ledger.append((state) => ({
    events: endedHolds(state.holds(), now).map((hold) => ({
      kind: 'hold.released' as const,
      case: hold.case,
      why: `its end has come: ${hold.until}`,
    })),
    result: undefined,
  }))
}
