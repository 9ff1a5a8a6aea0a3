/** Questions that many ask at once, answered together. */
import { setImmediate } from 'node:timers/promises'

/**
 * Several callers share one run of a task, if it starts after all of them have asked: what it finds is at least as new
 * as each of them may expect. A run that is under way already is not shared with who comes later. The first waits for
 * the others of the same turn.
 */
export class SharedNext {
  readonly #running = new Map<string, Promise<unknown>>()
  readonly #next = new Map<string, Promise<unknown>>()

  /** @param key tasks with the same key do the same */
  run<T>(key: string, task: () => Promise<T>): Promise<T> {
    const known = this.#next.get(key)
    if (known) return known as Promise<T>
    const start = () => this.#start(key, task)
    const next = (this.#running.get(key) ?? setImmediate()).then(start, start)
    this.#next.set(key, next)
    return next
  }

  #start<T>(key: string, task: () => Promise<T>): Promise<T> {
    this.#next.delete(key)
    const run = task()
    this.#running.set(key, run)
    const ended = () => {
      if (this.#running.get(key) === run) this.#running.delete(key)
    }
    run.then(ended, ended)
    return run
  }
}
