/**
 * One segment on its way: its events in requests that the collector takes, one after the other. Knows what each answer
 * means for them; when to come back is the delivery's to decide.
 */
import { Backoff, retryAfterMs } from './backoff.ts'
import type { Answered, DropReason } from './options.ts'
import type { SenderParts } from './parts.ts'
import { type Post, requestOf } from './post.ts'
import type { Segment } from './segment.ts'
import { type Verdict, verdictOf } from './verdict.ts'

export interface RequestsOptions {
  readonly url: string
  readonly writeKey: string
  readonly userAgent: string
  readonly post: Post
  readonly parts: SenderParts
  readonly warn: (message: string) => void
  readonly requested: (isAgain: boolean) => void
  readonly answered: (answered: Answered) => void
  readonly dropped: (reason: DropReason, events: number) => void
}

/** Parts that were taken are no longer in it. */
export interface Current {
  readonly segment: Segment
  readonly parts: string[][]
  isAgain: boolean
  /** Events that a request could have when it began. */
  readonly linesMaxBefore: number
}

/** When to come back. */
export interface Pause {
  readonly ms: number
  /** By the collector; else it is our own choice. */
  readonly isAsked: boolean
}

export class SegmentRequests {
  readonly #options: RequestsOptions
  readonly #backoff: Backoff
  #linesMax = Number.POSITIVE_INFINITY

  constructor(options: RequestsOptions) {
    this.#options = options
    this.#backoff = new Backoff(() => options.parts.random())
  }

  begin(segment: Segment, lines: string[]): Current {
    return { segment, parts: [lines], isAgain: false, linesMaxBefore: this.#linesMax }
  }

  /** For what went wrong outside of any request. */
  pause(): Pause {
    return { ms: this.#backoff.failed('away', 0), isAsked: false }
  }

  /** Resolves with nothing once every event of it is settled. */
  async send(current: Current, signal: AbortSignal): Promise<Pause | undefined> {
    const { parts } = current
    for (let lines = parts[0]; lines; lines = parts[0]) {
      if (lines.length > this.#linesMax) {
        parts.splice(0, 1, ...halves(lines))
        continue
      }
      const { verdict, askedMs } = await this.#post(lines, current, signal)
      const pause = this.#heed(verdict, lines, askedMs, current)
      if (pause) return pause
      if (verdict.kind !== 'too-large' || lines.length === 1) parts.shift()
    }
    return undefined
  }

  async #post(
    lines: readonly string[],
    current: Current,
    signal: AbortSignal,
  ): Promise<{ verdict: Verdict; askedMs: number }> {
    const { url, writeKey, userAgent, post, parts, requested } = this.#options
    requested(current.isAgain)
    current.isAgain = true
    try {
      const body = `${lines.join('\n')}\n`
      const answer = await post(requestOf(url, writeKey, userAgent, body), signal)
      return { verdict: verdictOf(answer), askedMs: retryAfterMs(answer.retryAfter, parts.now()) }
    } catch {
      return { verdict: { kind: 'away' }, askedMs: 0 }
    }
  }

  #heed(verdict: Verdict, lines: readonly string[], askedMs: number, { linesMaxBefore }: Current): Pause | undefined {
    const { answered, dropped, warn } = this.#options
    switch (verdict.kind) {
      case 'taken':
        this.#backoff.succeeded()
        answered({ lines, accepted: verdict.accepted, rejected: verdict.rejected })
        return undefined
      case 'refused':
        warn('the collector refuses what is sent; the events are dropped')
        dropped('refused', lines.length)
        return undefined
      case 'too-large':
        // One event that is too large says nothing of how many others a request may have.
        this.#linesMax = lines.length === 1 ? linesMaxBefore : Math.ceil(lines.length / 2)
        if (lines.length === 1) dropped('refused', 1)
        return undefined
      case 'away':
        return { ms: this.#backoff.failed('away', askedMs), isAsked: askedMs > 0 }
      case 'misdirected':
        warn(`${verdict.why}; events are kept and it is tried again later`)
        return { ms: this.#backoff.failed('refused', askedMs), isAsked: askedMs > 0 }
    }
  }
}

function halves(lines: string[]): string[][] {
  const middle = Math.ceil(lines.length / 2)
  return [lines.slice(0, middle), lines.slice(middle)]
}
