/**
 * The sealing job of a worker: one day at a time, beside the worker's other work, begun by whoever holds the upkeep lease
 * when a day closes. Nothing it does is lost or done twice by a crash (release-day.ts, seal-day.ts).
 */
import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Catalogue, releasedDatasets } from '../../../shared/catalogue.ts'
import type { ChoiceBook } from '../../../shared/choices/choice-book.ts'
import type { Clock } from '../../../shared/clock.ts'
import type { EventLog } from '../../../shared/eventlog/port.ts'
import type { KeyValue } from '../../../shared/keyvalue/port.ts'
import { BudgetExceededError, DayUnsealedError, SpecificationChangedError } from '../../../shared/ledger/budget.ts'
import { firstDayOf } from '../../../shared/ledger/first-day.ts'
import { type Ledger, LedgerBrokenError, type LedgerState } from '../../../shared/ledger/port.ts'
import type { Logger } from '../../../shared/logger.ts'
import type { Metrics } from '../../../shared/metrics.ts'
import { latenessMs } from '../../../shared/retention/limits.ts'
import { isUnavailable } from '../../../shared/unavailable.ts'
import type { Warehouse } from '../../../shared/warehouse/port.ts'
import { dayMs, utcDay } from '../../../shared/window.ts'
import { cryptoRandom } from '../../release/random-source.ts'
import {
  drawDay,
  isPublished,
  isSealed,
  publishDue,
  type ReleaseTools,
  removeLosers,
  reserveDay,
} from '../../release/release-day.ts'
import { ReleaseStore } from '../../release/release-store.ts'
import type { RandomSource } from '../../release/release-types.ts'
import type { Locate } from '../locate.ts'
import { forgetSeal, type SealProgress, sealDay } from './seal-day.ts'
import { askedFor, forgetRequest, tellSeal } from './seal-requests.ts'

export interface SealerDeps {
  readonly log: EventLog
  readonly keyValue: KeyValue
  readonly warehouse: Warehouse
  readonly ledger: Ledger
  readonly catalogue: Catalogue
  readonly clock: Clock
  readonly locate: Locate
  /** Whose records are left out. Without: nobody's. */
  readonly choices?: ChoiceBook
  readonly logger: Logger
  readonly metrics: Metrics
  /** Folder for buckets. */
  readonly scratchDir: string
  /** Without: crypto.randomBytes. Another one is for tests only. */
  readonly random?: RandomSource
}

const keyBytes = 32
const secretOf = (day: string) => `seal/${day}`
/** A day that could not be sealed is tried again so often, until its raw records go. */
const retryMs = 60_000
const tellEveryMs = 500
/** A small day is sealed by then, and closes at once. Less than the lease of the upkeep lasts. */
const patienceMs = 1000

export class Sealer {
  readonly #deps: SealerDeps
  readonly #tools: ReleaseTools
  /** Settles when the seal that runs has ended, whatever happened. */
  #running: Promise<void> | undefined
  #stopped = false
  readonly #failedAt = new Map<string, number>()
  #begun: number | undefined
  #saidAt = Number.NEGATIVE_INFINITY

  constructor(deps: SealerDeps) {
    this.#deps = deps
    const { ledger, warehouse, catalogue, random = cryptoRandom } = deps
    this.#tools = { ledger, warehouse, catalogue, random, store: new ReleaseStore(warehouse) }
  }

  /** Makes the table, and clears what a crash left on disk. */
  async start(): Promise<void> {
    await this.#tools.store.prepare()
    await rm(this.#deps.scratchDir, { recursive: true, force: true })
  }

  /**
   * Whether a day that is closing may go on to destroy its key. Begins its seal if it needs one, waits a little for its end,
   * and is to be asked again if that has not come. At the raw-retention deadline the answer is yes in any case, after a word
   * in the ledger.
   */
  async letsClose(day: string, overdue: boolean): Promise<boolean> {
    const { catalogue } = this.#deps
    if (releasedDatasets(catalogue).length === 0) return true
    const state = await this.#state()
    // What was drawn, spent or published cannot be known: only the deadline counts, for the seal's key as well.
    if (!state) {
      if (overdue) await this.#forget(day)
      return overdue
    }
    if (isSealed(state, catalogue, day)) {
      await removeLosers(day, this.#tools)
      await this.#forget(day)
      return true
    }
    if (state.isUnsealed(day)) {
      await this.#forget(day)
      return true
    }
    if (!(await this.#wantsRelease(day, state))) return true
    if (overdue) {
      await this.#giveUp(day, 'the raw-retention deadline came before the day was sealed')
      return true
    }
    this.#begin(day)
    await Promise.race([this.#running, sleep(patienceMs, undefined, { ref: false })])
    const after = await this.#state()
    return after !== undefined && isSealed(after, catalogue, day)
  }

  /**
   * Days that are over and have no release, whether or not anything was counted in them: that a release is there must
   * tell nothing either. Only days since the ledger began.
   * @param watermark ms since the Unix epoch
   */
  async daysWithoutRelease(watermark: number): Promise<string[]> {
    const { catalogue } = this.#deps
    const state = releasedDatasets(catalogue).length === 0 ? undefined : await this.#state()
    if (!state) return []
    const days: string[] = []
    for (let day = await this.#firstDay(); day + dayMs + latenessMs <= watermark; day += dayMs) {
      const name = utcDay(day)
      if (!isSealed(state, catalogue, name) && !state.isUnsealed(name)) days.push(name)
    }
    return days
  }

  /** Publishes what is due. */
  async publish(): Promise<void> {
    const { clock, keyValue, logger, ledger, catalogue } = this.#deps
    if (!(await this.#state())) return
    const published = await publishDue(this.#tools, clock.now(), (day) => askedFor(keyValue, day))
    if (published.length === 0) return
    for (const one of published) logger.info(one, 'a release is published')
    // Not before the last of its datasets: the others would wait, and an imported day would close without them.
    const state = await ledger.state()
    for (const day of new Set(published.map((one) => one.day)))
      if (isPublished(state, catalogue, day)) await forgetRequest(keyValue, day)
  }

  /** Waits for what runs; a seal that has begun goes on after the next start. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
  }

  /** Undefined while the ledger is broken, which is said once a minute. */
  async #state(): Promise<LedgerState | undefined> {
    try {
      return await this.#deps.ledger.state()
    } catch (error) {
      if (!(error instanceof LedgerBrokenError)) throw error
      if (this.#saidAt + retryMs > performance.now()) return undefined
      this.#saidAt = performance.now()
      this.#deps.logger.error({ err: error }, 'the ledger cannot be trusted: nothing is released or handed out')
      return undefined
    }
  }

  /**
   * An imported day of long ago is released when the operator says so: that there is one at all is about its lines. What
   * was begun is carried through.
   */
  async #wantsRelease(day: string, state: LedgerState): Promise<boolean> {
    if (releasedDatasets(this.#deps.catalogue).some(({ id }) => state.release(day, id))) return true
    return Date.parse(`${day}T00:00:00Z`) >= (await this.#firstDay()) || (await askedFor(this.#deps.keyValue, day))
  }

  async #firstDay(): Promise<number> {
    if (this.#begun === undefined) {
      const first = await firstDayOf(this.#deps.ledger)
      if (first !== undefined) this.#begun = Date.parse(`${first}T00:00:00Z`)
    }
    return this.#begun ?? Number.POSITIVE_INFINITY
  }

  #begin(day: string): void {
    if (this.#running || this.#stopped) return
    if ((this.#failedAt.get(day) ?? Number.NEGATIVE_INFINITY) + retryMs > performance.now()) return
    this.#running = this.#seal(day)
      .catch((error) => this.#failed(day, error))
      .finally(() => {
        this.#running = undefined
      })
  }

  async #seal(day: string): Promise<void> {
    const { log, keyValue, catalogue, locate, choices, logger, scratchDir } = this.#deps
    const startedAt = performance.now()
    await reserveDay(day, this.#tools)
    const sealKey = await keyValue.secrets.createOnce(secretOf(day), () => randomBytes(keyBytes))
    if (!sealKey) {
      // Another process was faster, and has destroyed it.
      if (isSealed(await this.#deps.ledger.state(), catalogue, day)) return
      throw new SealKeyGoneError(day)
    }
    let toldAt = Number.NEGATIVE_INFINITY
    const tools = {
      ...{ log, keyValue, catalogue, locate, choices, scratchDir },
      onProgress: async (progress: SealProgress) => {
        if (this.#stopped) throw new StoppedError('the worker stops; the seal is begun again after its start')
        if (performance.now() < toldAt + tellEveryMs) return
        toldAt = performance.now()
        // Not how many events and units: these would be exact totals.
        const { phase, done, total } = progress
        await tellSeal(keyValue, day, { state: 'running', phase, done, total })
      },
    }
    const sealed = await sealDay(day, sealKey, tools)
    const cellsOf = async (dataset: string) => {
      await sealed.heedChoices()
      return sealed.cellsOf(dataset)
    }
    try {
      await drawDay(day, cellsOf, this.#tools)
      await removeLosers(day, this.#tools)
    } finally {
      await sealed.remove()
    }
    await this.#forget(day)
    const { bytesRead } = sealed
    const seconds = Math.round(performance.now() - startedAt) / 1000
    // How many there were is for nobody: it would be an exact total.
    logger.info(
      { day, bytesRead, seconds },
      'the day is sealed: its releases are frozen, the key of the seal is destroyed',
    )
  }

  async #forget(day: string): Promise<void> {
    const { keyValue } = this.#deps
    if (!(await keyValue.secrets.isDestroyed(secretOf(day)))) await keyValue.secrets.destroy(secretOf(day))
    await forgetSeal(keyValue, day)
    await tellSeal(keyValue, day, undefined)
    this.#failedAt.delete(day)
  }

  async #failed(day: string, error: unknown): Promise<void> {
    const { logger, keyValue, metrics } = this.#deps
    if (error instanceof StoppedError) return
    if (isUnavailable(error)) {
      logger.warn({ err: error, day }, 'a server is away; the seal is begun again')
      return
    }
    this.#failedAt.set(day, performance.now())
    metrics.sealFailures.inc()
    logger.error(
      { err: error, day },
      'the day could not be sealed; it stays open and is tried again until its raw records go',
    )
    if (isRefusal(error)) await tellSeal(keyValue, day, { state: 'refused', why: error.message }).catch(() => undefined)
  }

  async #giveUp(day: string, why: string): Promise<void> {
    const { ledger, logger } = this.#deps
    logger.error({ day, why }, 'no release of this day can ever be made')
    await ledger
      .append((state) => ({
        events: state.isUnsealed(day) ? [] : [{ kind: 'day.unsealed', day, why }],
        result: undefined,
      }))
      .catch((error) => logger.error({ err: error, day }, 'the ledger does not take this either'))
    await this.#forget(day)
  }
}

/** An operator has to do something; trying again will not help. */
function isRefusal(error: unknown): error is Error {
  return [BudgetExceededError, SpecificationChangedError, DayUnsealedError, LedgerBrokenError, SealKeyGoneError].some(
    (kind) => error instanceof kind,
  )
}

class StoppedError extends Error {}

class SealKeyGoneError extends Error {
  override readonly name = 'SealKeyGoneError'
  constructor(day: string) {
    super(
      `the seal's key of ${day} has been destroyed, so ${day} was sealed before for other datasets; a dataset that is declared later has no release of that day`,
    )
  }
}
