/**
 * How many partitions new records are spread over. A unit belongs to one partition for a whole UTC day, so partitions
 * that a topic gets are used from the next UTC midnight on, by every process, whenever it started.
 */
import type { Clock } from '../clock.ts'

const dayMs = 86_400_000

/** What all processes have to agree on. */
export interface Spread {
  readonly count: number
  /** More of them, from that moment on; ms since the Unix epoch. */
  readonly next?: { readonly count: number; readonly from: number } | undefined
}

export class PartitionsInUse {
  readonly #clock: Clock
  #spread: Spread

  constructor(spread: Spread, clock: Clock) {
    this.#spread = spread
    this.#clock = clock
  }

  get count(): number {
    return this.spread.count
  }

  /** As of now. */
  get spread(): Spread {
    const { next } = this.#spread
    if (next && this.#clock.now() >= next.from) this.#spread = { count: next.count }
    return this.#spread
  }

  /** The topic has so many now. Returns true when that is news, and to be told to the others. */
  found(count: number): boolean {
    const { count: inUse, next } = this.spread
    if (count <= (next?.count ?? inUse)) return false
    const now = this.#clock.now()
    this.#spread = { count: inUse, next: { count, from: now - (now % dayMs) + dayMs } }
    return true
  }

  /** What another process has told. The earlier midnight holds: some may have heeded it already. */
  heed(told: Spread): void {
    const ours = this.spread
    if ((told.next?.count ?? told.count) < (ours.next?.count ?? ours.count)) return
    this.#spread = ours.next && told.next && ours.next.from < told.next.from ? ours : told
  }
}
