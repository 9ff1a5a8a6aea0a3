/**
 * The one source of "now" for everything that decides when data is kept, closed or destroyed. It is an argument
 * everywhere, so that a test can move it; nothing on such a path reads the wall clock by itself.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch, UTC. */
  now(): number
}

export const systemClock: Clock = { now: () => Date.now() }

/** A clock that stands still until it is moved; for tests. */
export class ManualClock implements Clock {
  #now: number
  constructor(start: number | string) {
    this.#now = typeof start === 'number' ? start : Date.parse(start)
  }
  now(): number {
    return this.#now
  }
  advance(byMs: number): void {
    this.#now += byMs
  }
  set(to: number | string): void {
    this.#now = typeof to === 'number' ? to : Date.parse(to)
  }
}
