/** Runs tasks one after the other, in the order they were given; a task that fails does not stop the next. */
export class InTurn {
  #last: Promise<unknown> = Promise.resolve()

  /** Resolves or rejects as the task does, once every earlier task has settled. */
  run<T>(task: () => Promise<T> | T): Promise<T> {
    const result = this.#last.then(task)
    this.#last = result.catch(() => undefined)
    return result
  }

  /** Resolves when every task given so far has settled. */
  async idle(): Promise<void> {
    await this.#last
  }
}
