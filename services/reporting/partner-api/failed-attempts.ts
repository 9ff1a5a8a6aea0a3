/**
 * Failed sign-ins by source, in memory only, and forgotten after a minute. A good key is never held up by what others at
 * its address do: the limit is on refusals, and turns them from 401 into 429.
 */
import { LRUCache } from 'lru-cache'
import type { Clock } from '../../../shared/clock.ts'

const windowMs = 60_000
/** Failures of one source in a minute. */
export const failuresMax = 30
/** More sources at once push out the oldest. */
const sourcesMax = 10_000

export class FailedAttempts {
  readonly #clock: Clock
  readonly #sources = new LRUCache<string, { since: number; count: number }>({ max: sourcesMax })

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Counts one more; returns the seconds to wait when that is too many, else undefined. */
  add(source: string): number | undefined {
    const now = this.#clock.now()
    const known = this.#sources.get(source)
    const entry = known && now < known.since + windowMs ? known : { since: now, count: 0 }
    entry.count++
    this.#sources.set(source, entry)
    return entry.count > failuresMax ? (entry.since + windowMs - now) / 1000 : undefined
  }
}
