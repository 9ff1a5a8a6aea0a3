/** Random choices that are the same for the same seed, so that a demo can be shown again. Nothing private hangs on it. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** From 0 to below 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** A whole number from `min` to `max`, both included. */
  integer(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1))
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.next() * list.length)]!
  }

  /** Early entries more often than late ones, as with most things people choose from. */
  pickEarly<T>(list: readonly T[]): T {
    return list[Math.floor(this.next() ** 2 * list.length)]!
  }

  /** `count` different entries of `list`, in its order. */
  some<T>(list: readonly T[], count: number): T[] {
    const chosen = new Set(this.shuffled(list).slice(0, count))
    return list.filter((one) => chosen.has(one))
  }

  shuffled<T>(list: readonly T[]): T[] {
    const order = [...list]
    for (let at = order.length - 1; at > 0; at--) {
      const other = this.integer(0, at)
      ;[order[at], order[other]] = [order[other]!, order[at]!]
    }
    return order
  }

  /** A text of letters, digits, - and _ like the identifiers that browsers get. */
  identifier(length: number): string {
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    return Array.from({ length }, () => this.pick([...letters])).join('')
  }
}
