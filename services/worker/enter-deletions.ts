/**
 * Each deletion has an entry in the ledger, with the choice's id and without whom it was for; and a deletion that has nothing
 * left to cut out is removed. Both by the worker that has the upkeep: a collector has no ledger.
 */
import type { ChoiceBook } from '../../shared/choices/choice-book.ts'
import type { Choice, ChoiceLog } from '../../shared/choices/port.ts'
import type { Clock } from '../../shared/clock.ts'
import { type Ledger, LedgerBrokenError } from '../../shared/ledger/port.ts'
import type { Logger } from '../../shared/logger.ts'
import type { Metrics } from '../../shared/metrics.ts'
import { deletionMs } from '../../shared/retention/limits.ts'
import { minuteMs } from '../../shared/window.ts'
import { systemTiming, type Timing } from './timing.ts'

/** Of an append; a ledger takes 256 at most. */
const entriesMax = 200
/** Where many have chosen, looking through them takes its time; this share of it at most, and no rest for less. */
const lookingShare = 1 / 100
const lookingMsFree = 2

export interface DeletionUpkeepDeps {
  readonly choices?: ChoiceBook
  readonly ledger?: Ledger
  readonly clock: Clock
  readonly metrics: Pick<Metrics, 'deletionsEntered' | 'deletionWaitSeconds'>
  readonly logger: Logger
  readonly timing?: Pick<Timing, 'elapsedMs'>
}

export class DeletionUpkeep {
  readonly #deps: DeletionUpkeepDeps
  readonly #timing: Pick<Timing, 'elapsedMs'>
  /** By the timing's elapsedMs. */
  #restUntil = Number.NEGATIVE_INFINITY
  #saidAt = Number.NEGATIVE_INFINITY

  constructor(deps: DeletionUpkeepDeps) {
    this.#deps = deps
    this.#timing = deps.timing ?? systemTiming
  }

  /**
   * Enters what is not entered yet. A ledger that cannot be trusted takes nothing, and keeps nothing else from its time:
   * the deletions are in effect, and are entered when it is mended.
   */
  async enter(): Promise<void> {
    const { choices, ledger, metrics, clock, logger } = this.#deps
    if (!choices || !ledger || this.#timing.elapsedMs() < this.#restUntil) return
    const deletions = this.#deletions(choices.log)
    try {
      metrics.deletionsEntered.inc(await enterDeletions(deletions, ledger))
      metrics.deletionWaitSeconds.set(0)
    } catch (error) {
      const oldest = await firstMissing(deletions, ledger).catch(() => deletions[0])
      metrics.deletionWaitSeconds.set(oldest ? Math.max(0, clock.now() - oldest.at) / 1000 : 0)
      if (!(error instanceof LedgerBrokenError)) throw error
      if (this.#saidAt + minuteMs > this.#timing.elapsedMs()) return
      this.#saidAt = this.#timing.elapsedMs()
      logger.error({ err: error }, 'deletions are in effect, and cannot be entered in the ledger')
    }
  }

  /** Removes those that are over. Only after raw records have been removed, and while none are held beyond their time. */
  async forget(): Promise<void> {
    const { choices, ledger, clock } = this.#deps
    if (!choices || !ledger || this.#timing.elapsedMs() < this.#restUntil) return
    const over = this.#deletions(choices.log).filter(({ at }) => clock.now() >= at + deletionMs)
    if (over.length === 0) return
    try {
      const state = await ledger.state()
      const entered = over.filter(({ id }) => state.hasDeletion(id))
      if (entered.length > 0) await choices.log.remove(entered)
    } catch (error) {
      if (!(error instanceof LedgerBrokenError)) throw error
    }
  }

  #deletions({ choices }: ChoiceLog): Choice[] {
    if (choices.size === 0) return []
    const from = this.#timing.elapsedMs()
    const deletions = [...choices.all()].filter(({ act }) => act === 'deletion')
    const tookMs = this.#timing.elapsedMs() - from
    if (tookMs > lookingMsFree) this.#restUntil = this.#timing.elapsedMs() + tookMs / lookingShare
    return deletions
  }
}

/** Enters each once; returns how many were not there yet. */
export async function enterDeletions(deletions: readonly Choice[], ledger: Ledger): Promise<number> {
  let entered = 0
  while ((await firstMissing(deletions, ledger)) !== undefined) {
    entered += await ledger.append((state) => {
      const missing = deletions.filter(({ id }) => !state.hasDeletion(id)).slice(0, entriesMax)
      const events = missing.map(({ id, by, case: caseId }) => ({
        kind: 'subject.deleted' as const,
        deletion: id,
        by,
        ...(caseId !== undefined && { case: caseId }),
      }))
      return { events, result: events.length }
    })
  }
  return entered
}

async function firstMissing(deletions: readonly Choice[], ledger: Ledger): Promise<Choice | undefined> {
  if (deletions.length === 0) return undefined
  const state = await ledger.state()
  return deletions.find(({ id }) => !state.hasDeletion(id))
}
