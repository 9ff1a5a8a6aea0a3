/**
 * The campaign's time: it runs `factor` times as fast as the real one and can be put forward while the host is dead.
 * The campaign and its host work it out from the same three numbers, so that both have the same time without talking.
 */
import type { Clock } from '../../shared/clock.ts'

export class SimulatedTime implements Clock {
  #base: number
  #anchor: number
  readonly #factor: number

  /**
   * @param base simulated time at `anchor`, ms since the Unix epoch
   * @param factor a whole number: times stay whole milliseconds
   */
  constructor(base: number, factor: number, anchor = Date.now()) {
    this.#base = base
    this.#anchor = anchor
    this.#factor = factor
  }

  static parse(text: string): SimulatedTime {
    const [base = Number.NaN, factor = Number.NaN, anchor = Number.NaN] = text.split(',').map(Number)
    return new SimulatedTime(base, factor, anchor)
  }

  now(): number {
    // A wall clock that is set back must not turn the simulated one back.
    return this.#base + this.#factor * Math.max(0, Date.now() - this.#anchor)
  }

  /** Goes on from `to`, or from now if that is later: never back. */
  forwardTo(to: number): void {
    const base = Math.max(this.now(), Math.floor(to))
    this.#anchor = Date.now()
    this.#base = base
  }

  /** For the host's command line. */
  toString(): string {
    return `${this.#base},${this.#factor},${this.#anchor}`
  }
}
