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
import { UsageTables } from './usage-tables.ts'

/** More would only wait for each other, and hold their tables in memory meanwhile. */
const runningMax = 32
/** Questions of batches that wait for their turn: of some four pages with 64 each. */
const waitingMax = 256

export interface UsageDeskOptions {
  readonly catalogue: Catalogue
  readonly reader: WarehouseReader
  readonly keyValue: KeyValue
  readonly clock: Clock
  readonly metrics: Metrics
  /** Devices that a cell must have to be shown. */
  readonly k: number
}

export class UsageDesk {
  readonly #options: UsageDeskOptions
  readonly #tables: UsageTables
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor(options: UsageDeskOptions) {
    this.#options = options
    this.#tables = new UsageTables(options.reader, options.catalogue, options.k)
  }

  /** @throws ProblemError 503 when too many run, 400 when the answer would be too large */
  async answer(request: UsageRequest): Promise<UsageAnswer> {
    if (this.#running >= runningMax) throw busy()
    return this.answerInTurn(request)
  }

  /** @throws ProblemError 503 when so many questions may not wait for their turn */
  requireRoomFor(questions: number): void {
    if (this.#waiting.length + questions > waitingMax) throw busy()
  }

  /** As `answer`, but waits for its turn. @throws ProblemError 400 when the answer would be too large */
  async answerInTurn(request: UsageRequest): Promise<UsageAnswer> {
    if (this.#running < runningMax) this.#running++
    // Whoever is done hands over its place.
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      return await this.#answer(request)
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

  async #answer(request: UsageRequest): Promise<UsageAnswer> {
    const { keyValue, clock, metrics } = this.#options
    // Before the tables: what is in them then is at least as fresh as said.
    const freshTo = await readFreshness(keyValue)
    if (freshTo !== undefined) metrics.freshnessSeconds.set(Math.max(0, clock.now() - freshTo) / 1000)
    return answerUsage(request, await this.#tables.read(request, clock.now()), freshTo)
  }
}

function busy(): ProblemError {
  return new ProblemError(
    problem(503, 'busy', 'Too many questions at once', 'Ask again after the seconds in Retry-After.'),
    { 'retry-after': '1' },
  )
}
