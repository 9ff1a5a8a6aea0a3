/**
 * How many requests a partner may make, shared by all processes through the key-value store: a sliding window of a minute
 * made of two counters (what Cloudflare describes), in one value per partner, so that nothing piles up.
 */
import { LRUCache } from 'lru-cache'
import type { Clock } from '../../../shared/clock.ts'
import { InTurn } from '../../../shared/in-turn.ts'
import type { KeyValue } from '../../../shared/keyvalue/port.ts'

const windowMs = 60_000
/** Each lost race is a request of the same partner in another process; those of this one take turns. */
const racesMax = 100
/** Partners whose requests take turns here; when more are there at once, the oldest may race. */
const turnsMax = 10_000

export interface Allowance {
  readonly granted: boolean
  readonly quota: number
  readonly remaining: number
  /** Until the running minute ends, or, when not granted, until a request has a chance. */
  readonly resetSeconds: number
}

interface Counters {
  /** Start of the running minute, ms since the Unix epoch. */
  since: number
  count: number
  /** Of the minute before. */
  previous: number
}

export class RequestAllowances {
  readonly #keyValue: KeyValue
  readonly #clock: Clock
  readonly #turns = new LRUCache<string, InTurn>({ max: turnsMax })

  constructor({ keyValue, clock }: { keyValue: KeyValue; clock: Clock }) {
    this.#keyValue = keyValue
    this.#clock = clock
  }

  /**
   * Takes one request off what `name` may make.
   * @param name of the partner, and of the kind of request where kinds are counted apart
   * @param quota most requests in a minute
   */
  take(name: string, quota: number): Promise<Allowance> {
    const turns = this.#turns.get(name) ?? new InTurn()
    this.#turns.set(name, turns)
    return turns.run(() => this.#take(name, quota))
  }

  async #take(name: string, quota: number): Promise<Allowance> {
    const key = `partner-requests/${name}`
    for (let race = 0; race < racesMax; race++) {
      const now = this.#clock.now()
      const stored = await this.#keyValue.get(key)
      const counters = countersAt(stored, now)
      const leftOfMinute = (counters.since + windowMs - now) / windowMs
      const used = counters.previous * leftOfMinute + counters.count
      if (used + 1 > quota) return refusal(quota, waitSeconds(counters, quota, leftOfMinute))
      const next = Buffer.from(JSON.stringify({ ...counters, count: counters.count + 1 }))
      if (!(await this.#keyValue.compareAndSet(key, stored, next))) continue
      const resetSeconds = Math.ceil(leftOfMinute * (windowMs / 1000))
      return { granted: true, quota, remaining: Math.floor(quota - used - 1), resetSeconds }
    }
    return refusal(quota, 1)
  }
}

function refusal(quota: number, resetSeconds: number): Allowance {
  return { granted: false, quota, remaining: 0, resetSeconds }
}

function countersAt(stored: Buffer | undefined, now: number): Counters {
  const since = Math.floor(now / windowMs) * windowMs
  const known = stored && (JSON.parse(stored.toString()) as Counters)
  if (known?.since === since) return known
  return { since, count: 0, previous: known?.since === since - windowMs ? known.count : 0 }
}

/** When the minute before weighs so little that one more fits; at the latest when this minute ends. */
function waitSeconds({ count, previous }: Counters, quota: number, leftOfMinute: number): number {
  const room = quota - 1 - count
  const wait = room >= 0 && previous > 0 ? leftOfMinute - room / previous : leftOfMinute
  return Math.max(1, Math.ceil(wait * (windowMs / 1000)))
}
