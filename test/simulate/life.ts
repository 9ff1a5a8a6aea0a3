/** One life of a process, from its start to its death: what reaches it, and when it stands still. */
import type { VirtualTime } from './virtual-time.ts'

/** What every call of a dead process ends in; nothing of it is seen outside. */
export class ProcessGoneError extends Error {
  override readonly name = 'ProcessGoneError'
}

export class Life {
  readonly name: string
  readonly #time: VirtualTime
  readonly #onEnd: (life: Life) => void
  /** While it stands still: what will have reached it when it goes on. */
  #backlog: (() => void)[] | undefined
  #thaw: (() => void) | undefined
  #unanswered = new Set<() => void>()
  #isOver = false

  constructor(name: string, time: VirtualTime, onEnd: (life: Life) => void) {
    this.name = name
    this.#time = time
    this.#onEnd = onEnd
  }

  get isOver(): boolean {
    return this.#isOver
  }

  get isFrozen(): boolean {
    return this.#backlog !== undefined
  }

  /** Something from outside reaches the process: at once, when it goes on, or never. */
  reach(what: () => void): void {
    if (this.#isOver) return
    if (this.#backlog) this.#backlog.push(what)
    else what()
  }

  /**
   * A promise that the process waits for. At its death it settles, so that what the process has open is closed: with an
   * error, or, where nothing can go wrong (a timer), with `atEnd`. Nothing that it does afterwards is seen outside.
   */
  waitFor<T>(
    settle: (resolve: (value: T) => void, reject: (error: unknown) => void) => void,
    atEnd?: { value: T },
  ): Promise<T> {
    const promise = new Promise<T>((resolve, reject) => {
      const giveUp = () => (atEnd ? resolve(atEnd.value) : reject(new ProcessGoneError('the process is dead')))
      if (this.#isOver) return giveUp()
      this.#unanswered.add(giveUp)
      const settled = () => this.#unanswered.delete(giveUp)
      settle(
        (value) => this.reach(() => settled() && resolve(value)),
        (error) => this.reach(() => settled() && reject(error)),
      )
    })
    // Who waits for it hears of it; nobody has to.
    promise.catch(() => undefined)
    return promise
  }

  /** Stands still for so long: nothing reaches it and no timer of it fires. */
  freeze(forMs: number): void {
    if (this.#isOver || this.#backlog) return
    this.#backlog = []
    this.#thaw = this.#time.after(forMs, () => this.thaw())
  }

  thaw(): void {
    const backlog = this.#backlog ?? []
    this.#backlog = undefined
    this.#thaw?.()
    // One after the other, as an event loop would find them.
    for (const what of backlog) this.#time.after(0, () => this.reach(what))
  }

  /** The process dies. */
  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#thaw?.()
    for (const giveUp of this.#unanswered) giveUp()
    this.#unanswered.clear()
    this.#onEnd(this)
  }
}
