/** Those who wait for something to become true, each for a bounded time. */

interface Waiter {
  readonly isMet: () => boolean
  readonly done: (met: boolean) => void
}

export class Waiters {
  readonly #waiters = new Set<Waiter>()

  /** Whether it is true at once or becomes so within `msMax`. Keeps the process alive: somebody waits for the answer. */
  until(isMet: () => boolean, msMax: number): Promise<boolean> {
    if (isMet()) return Promise.resolve(true)
    return new Promise((resolve) => {
      const waiter: Waiter = {
        isMet,
        done: (met) => {
          clearTimeout(late)
          this.#waiters.delete(waiter)
          resolve(met)
        },
      }
      const late = setTimeout(() => waiter.done(isMet()), Math.max(0, msMax))
      this.#waiters.add(waiter)
    })
  }

  /** To be called when something may have become true. */
  look(): void {
    for (const waiter of [...this.#waiters]) if (waiter.isMet()) waiter.done(true)
  }
}
