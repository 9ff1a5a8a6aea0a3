/** What a sender has of the world around it: time, chance, and a way to the collector. Tests bring their own. */
import { randomUUID } from 'node:crypto'
import type { Post } from './post.ts'

export interface SenderParts {
  /** ms since the Unix epoch */
  now(): number
  /** 0 <= number < 1 */
  random(): number
  newId(): string
  /** Calls `then` after `ms`, without keeping the process alive; returns what calls it off. */
  after(ms: number, then: () => void): () => void
  /** Without: over HTTP. */
  readonly post?: Post
}

/** More than a timer can take would be taken for 1 ms. */
const timerMsMax = 2 ** 31 - 1

export const systemParts: SenderParts = {
  now: () => Date.now(),
  random: () => Math.random(),
  newId: () => randomUUID(),
  after(ms, then) {
    const timer = setTimeout(then, Math.min(ms, timerMsMax))
    timer.unref()
    return () => clearTimeout(timer)
  },
}
