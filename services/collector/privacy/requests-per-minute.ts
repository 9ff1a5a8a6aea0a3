/** A bound on the requests of one address, in memory; the addresses least recently seen are forgotten first. */
import { LRUCache } from 'lru-cache'
import type { Clock } from '../../../shared/clock.ts'
import { minuteMs } from '../../../shared/window.ts'
import { tooManyRequests } from './choice-problems.ts'

const addressesMax = 10_000

export class RequestsPerMinute {
  readonly #most: number
  readonly #clock: Clock
  readonly #seen = new LRUCache<string, { from: number; requests: number }>({ max: addressesMax })

  constructor(most: number, clock: Clock) {
    this.#most = most
    this.#clock = clock
  }

  /** @throws ProblemError 429 when the address has had its share of this minute */
  take(address: string): void {
    const now = this.#clock.now()
    const last = this.#seen.get(address)
    const current = last && now < last.from + minuteMs && now >= last.from ? last : { from: now, requests: 0 }
    if (current.requests >= this.#most) throw tooManyRequests(Math.ceil((current.from + minuteMs - now) / 1000))
    current.requests++
    this.#seen.set(address, current)
  }
}
