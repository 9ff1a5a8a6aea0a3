/**
 * A gate that many may hold together or one alone: batches run side by side, closing an epoch waits for those that run
 * and keeps new ones out meanwhile, so that a key is never destroyed under a batch that uses it.
 */
export class Gate {
  #holders = 0
  #closing: Promise<unknown> = Promise.resolve()
  #whenFree: (() => void)[] = []

  /** Runs `work` together with other shared holders, after any exclusive one that came before. */
  async shared<T>(work: () => Promise<T>): Promise<T> {
    let closing: Promise<unknown>
    do {
      closing = this.#closing
      await closing
    } while (closing !== this.#closing)
    this.#holders++
    try {
      return await work()
    } finally {
      this.#holders--
      if (this.#holders === 0) for (const free of this.#whenFree.splice(0)) free()
    }
  }

  /** Runs `work` alone: after the holders that are there, before any that comes later. */
  async exclusive<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#closing
    const run = (async () => {
      await before
      while (this.#holders > 0) await new Promise<void>((resolve) => this.#whenFree.push(resolve))
      return await work()
    })()
    this.#closing = run.catch(() => undefined)
    return run
  }
}
