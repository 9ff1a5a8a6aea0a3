/** What is drawn for one input: numbers that follow from the campaign's seed and the input's index, and nothing else. */
import { seeded } from '../flow/hostile-requests.ts'

export class Draw {
  readonly #random: () => number

  constructor(seed: number, index: number) {
    this.#random = seeded(Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b))
    this.#random()
  }

  /** A whole number from 0 to `below - 1`; 0 when nothing is below. */
  number(below: number): number {
    return Math.floor(this.#random() * below)
  }

  isOneIn(many: number): boolean {
    return this.number(many) === 0
  }

  of<T>(list: readonly T[]): T {
    return list[this.number(list.length)] as T
  }
}
