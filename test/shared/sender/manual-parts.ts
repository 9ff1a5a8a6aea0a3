/** For tests of the sender: time that is moved by hand, chance that is chosen, a collector that is a function. */
import type { SenderParts } from '../../../shared/sender/parts.ts'
import type { Post } from '../../../shared/sender/post.ts'

interface Timer {
  readonly at: number
  readonly then: () => void
}

export class ManualParts implements SenderParts {
  readonly post: Post
  readonly #timers = new Set<Timer>()
  readonly #random: () => number
  #now: number
  #ids = 0

  constructor(post: Post, { start = Date.parse('2026-11-20T12:00:00Z'), random = (): number => 0.5 } = {}) {
    this.post = post
    this.#now = start
    this.#random = random
  }

  now(): number {
    return this.#now
  }

  random(): number {
    return this.#random()
  }

  newId(): string {
    return `id-${++this.#ids}`
  }

  after(ms: number, then: () => void): () => void {
    const timer = { at: this.#now + ms, then }
    this.#timers.add(timer)
    return () => void this.#timers.delete(timer)
  }

  /** ms until the next timer; infinite when there is none. */
  get next(): number {
    return Math.min(...[...this.#timers].map(({ at }) => at)) - this.#now
  }

  /** Moves time, and calls what is due on the way. */
  advance(ms: number): void {
    const end = this.#now + ms
    for (;;) {
      const due = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
      if (!due) break
      this.#now = Math.max(this.#now, due.at)
      this.#timers.delete(due)
      due.then()
    }
    this.#now = end
  }
}

export const taken = (body: string, rejected: { index: number; reason: string }[] = []) => ({
  status: 200,
  retryAfter: undefined,
  text: JSON.stringify({ accepted: eventsOf(body).length - rejected.length, rejected }),
})

export function eventsOf(body: string): { id: string; time: string; feature: string }[] {
  const lines = body.trimEnd().split('\n')
  return lines.map((line) => JSON.parse(line))
}
