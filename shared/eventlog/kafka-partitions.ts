/**
 * How many partitions new records are spread over. A unit belongs to one partition for a whole UTC day, so partitions
 * that a topic gets while this process runs are used from the next UTC midnight on. A process that starts takes the
 * topic as it is: partitions added within the last minutes of another process's day may be used by it earlier.
 */
import type { Clock } from '../clock.ts'

const dayMs = 86_400_000

export class PartitionsInUse {
  readonly #clock: Clock
  #inUse: number
  #next: { count: number; from: number } | undefined

  constructor(count: number, clock: Clock) {
    this.#inUse = count
    this.#clock = clock
  }

  get count(): number {
    if (this.#next && this.#clock.now() >= this.#next.from) {
      this.#inUse = this.#next.count
      this.#next = undefined
    }
    return this.#inUse
  }

  /** The topic has so many now. Returns true when that is news. */
  found(count: number): boolean {
    if (count <= (this.#next?.count ?? this.count)) return false
    const now = this.#clock.now()
    this.#next = { count, from: now - (now % dayMs) + dayMs }
    return true
  }
}
