/** Answers questions for usage, so many at a time. */
import type { Catalogue } from '../../shared/catalogue.ts'
import type { Clock } from '../../shared/clock.ts'
import { readFreshness } from '../../shared/freshness.ts'
import { ProblemError, problem } from '../../shared/http/problem.ts'
import type { KeyValue } from '../../shared/keyvalue/port.ts'
import type { Metrics } from '../../shared/metrics.ts'
import type { WarehouseReader } from '../../shared/warehouse/port.ts'
import { answerUsage, type UsageAnswer } from './usage-answer.ts'
import type { UsageRequest } from './usage-request.ts'
import { type Look, UsageTables } from './usage-tables.ts'

/** More would only wait for each other, and hold their tables in memory meanwhile. */
const runningMax = 32
/** Questions of batches that wait for their turn: of some four pages with 64 each. */
const waitingMax = 256
/** So long a look made for a page that is being opened is taken for the questions that it then asks. */
const aheadMs = 1000

export interface UsageDeskOptions {
  readonly catalogue: Catalogue
  readonly reader: WarehouseReader
  readonly keyValue: KeyValue
  readonly clock: Clock
  readonly metrics: Metrics
  /** Devices that a cell must have to be shown. */
  readonly k: number
}

interface FreshLook extends Look {
  /** Everything accepted before it was counted at that moment; ms since the Unix epoch. */
  readonly freshTo: number | undefined
}

export class UsageDesk {
  readonly #options: UsageDeskOptions
  readonly #tables: UsageTables
  readonly #waiting: (() => void)[] = []
  #running = 0
  #ahead: { readonly until: number; readonly look: Promise<FreshLook> } | undefined

  constructor(options: UsageDeskOptions) {
    this.#options = options
    this.#tables = new UsageTables(options.reader, options.catalogue, options.k)
  }

  /** @throws ProblemError 503 when too many run, 400 when the answer would be too large */
  async answer(request: UsageRequest): Promise<UsageAnswer> {
    if (this.#running >= runningMax) throw busy()
    return this.#inTurn(request, () => this.#look())
  }

  /**
   * A page is being opened and will have questions: which windows there are is looked up meanwhile. What they are told
   * is of that moment, and says so in `fresh_to`.
   */
  lookAhead(): void {
    const look = this.#look()
    look.catch(() => undefined)
    this.#ahead = { until: performance.now() + aheadMs, look }
  }

  /** @throws ProblemError 503 when so many questions may not wait for their turn */
  requireRoomFor(questions: number): void {
    if (this.#waiting.length + questions > waitingMax) throw busy()
  }

  /** As `answer`, but waits for its turn, and a look ahead counts. @throws ProblemError 400 when the answer would be too large */
  async answerInTurn(request: UsageRequest): Promise<UsageAnswer> {
    return this.#inTurn(request, () => {
      const ahead = this.#ahead
      if (ahead === undefined || performance.now() > ahead.until) return this.#look()
      return ahead.look.catch(() => this.#look())
    })
  }

  async #inTurn(request: UsageRequest, look: () => Promise<FreshLook>): Promise<UsageAnswer> {
    if (this.#running < runningMax) this.#running++
    // Whoever is done hands over its place.
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      return await this.#answer(request, await look())
    } finally {
      this.#done()
    }
  }

  /** Days of the dataset that has most of them whose counts do not change any more. */
  finalDays(): Promise<number> {
    return this.#tables.finalDays()
  }

  #done(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#running--
  }

  async #look(): Promise<FreshLook> {
    // Before the tables: what is in them then is at least as fresh as said.
    const freshTo = await readFreshness(this.#options.keyValue)
    return { freshTo, ...(await this.#tables.look()) }
  }

  async #answer(request: UsageRequest, look: FreshLook): Promise<UsageAnswer> {
    const { clock, metrics } = this.#options
    const { freshTo } = look
    if (freshTo !== undefined) metrics.freshnessSeconds.set(Math.max(0, clock.now() - freshTo) / 1000)
    return answerUsage(request, await this.#tables.read(request, clock.now(), look), freshTo)
  }
}

function busy(): ProblemError {
  return new ProblemError(
    problem(503, 'busy', 'Too many questions at once', 'Ask again after the seconds in Retry-After.'),
    { 'retry-after': '1' },
  )
}
