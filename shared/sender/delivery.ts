/**
 * Sends what waits, oldest first, one request at a time: until it is taken, refused for good, or too old. Waits between
 * attempts as the collector asks, or with jitter.
 */
import { Backoff, retryAfterMs } from './backoff.ts'
import type { Answered, DropReason, Limits } from './options.ts'
import type { SenderParts } from './parts.ts'
import { type Post, requestOf } from './post.ts'
import { readLines, type Segment } from './segment.ts'
import type { Spool } from './spool.ts'
import { type Verdict, verdictOf } from './verdict.ts'

/**
 * The collector drops events that are older than a day as late, and knows ids for five minutes longer: what was taken,
 * without an answer that came, is never sent again after that.
 */
const waitMsMax = 24 * 3_600_000

export interface DeliveryOptions {
  readonly spool: Spool
  readonly url: string
  readonly writeKey: string
  readonly userAgent: string
  readonly limits: Limits
  readonly post: Post
  readonly parts: SenderParts
  readonly warn: (message: string) => void
  readonly requested: (isAgain: boolean) => void
  readonly answered: (answered: Answered) => void
  readonly dropped: (reason: DropReason, events: number) => void
  /** Something has left the spool, or a pause has begun. */
  readonly changed: () => void
}

/** A segment on its way: parts that were taken are no longer in it. */
interface Current {
  readonly segment: Segment
  readonly parts: string[][]
  isAgain: boolean
  /** Events that a request could have when it began. */
  readonly linesMaxBefore: number
}

export class Delivery {
  readonly #options: DeliveryOptions
  readonly #backoff: Backoff
  readonly #stop = new AbortController()
  #current: Current | undefined
  #running: Promise<void> | undefined
  /** Something has come since it was last looked. */
  #isWoken = false
  #linesMax = Number.POSITIVE_INFINITY
  #hurries = 0
  #pause: 'none' | 'own' | 'asked' = 'none'
  #callOff: () => void = () => undefined

  constructor(options: DeliveryOptions) {
    this.#options = options
    this.#backoff = new Backoff(() => options.parts.random())
  }

  get isPaused(): boolean {
    return this.#pause !== 'none'
  }

  /** To be called when something may be there to be sent. */
  wake(): void {
    this.#isWoken = true
    if (this.#running || this.#stop.signal.aborted || this.isPaused) return
    this.#callOff()
    this.#running = this.#run().catch((error: Error) => {
      // As with what is stored: a fault of the sender is not the host's.
      this.#options.warn(`events could not be sent: ${error.message}`)
      this.#running = undefined
      this.#rest(this.#backoff.failed('away', 0), false)
    })
  }

  /**
   * Does not wait for batches to fill any longer, nor for an attempt that the collector has not asked to put off; until
   * the function that is returned is called.
   */
  hurry(): () => void {
    this.#hurries++
    if (this.#pause === 'own') {
      this.#callOff()
      this.#pause = 'none'
    }
    this.wake()
    return () => {
      this.#hurries--
    }
  }

  /** Gives up on a request that is under way. */
  async stop(): Promise<void> {
    this.#stop.abort()
    this.#callOff()
    await this.#running
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted && !this.isPaused) {
      this.#isWoken = false
      this.#current ??= await this.#next()
      if (!this.#current && this.#isWoken) continue
      if (!this.#current) break
      if (await this.#deliver(this.#current)) this.#current = undefined
      this.#options.changed()
    }
    this.#running = undefined
    this.#schedule()
  }

  #schedule(): void {
    const { spool, parts, limits } = this.#options
    if (this.#stop.signal.aborted || this.isPaused || spool.isEmpty) return
    const { openSince } = spool
    const left = openSince === undefined || this.#hurries > 0 ? 0 : openSince + limits.batchMs - parts.now()
    this.#callOff()
    // A clock that was set back must not put it off for as long.
    this.#callOff = parts.after(Math.max(0, Math.min(left, limits.batchMs)), () => this.wake())
  }

  async #next(): Promise<Current | undefined> {
    const { spool, parts, limits, dropped, changed } = this.#options
    for (;;) {
      const isDue = (madeAt: number) => this.#hurries > 0 || Math.abs(parts.now() - madeAt) >= limits.batchMs
      const segment = await spool.take(isDue)
      if (!segment) return undefined
      const isTooOld = parts.now() - segment.madeAt > waitMsMax
      const lines = isTooOld ? [] : await this.#read(segment)
      if (lines.length > 0) return { segment, parts: [lines], isAgain: false, linesMaxBefore: this.#linesMax }
      const events = await spool.remove(segment)
      if (isTooOld) dropped('too-old', events)
      changed()
    }
  }

  async #read(segment: Segment): Promise<string[]> {
    const { dropped } = this.#options
    try {
      const { lines, damaged } = await readLines(segment)
      if (damaged > 0) dropped('damaged', damaged)
      return lines
    } catch {
      dropped('damaged', segment.events ?? 1)
      return []
    }
  }

  /** Whether all of it is settled; if not, a pause has begun or all is over. */
  async #deliver(current: Current): Promise<boolean> {
    const { parts, segment } = current
    for (let lines = parts[0]; lines; lines = parts[0]) {
      if (lines.length > this.#linesMax) {
        parts.splice(0, 1, ...halves(lines))
        continue
      }
      const { verdict, askedMs } = await this.#post(lines, current)
      if (this.#stop.signal.aborted && verdict.kind === 'away') return false
      if (!this.#settles(verdict, lines, askedMs, current)) return false
      if (verdict.kind !== 'too-large' || lines.length === 1) parts.shift()
    }
    await this.#options.spool.remove(segment)
    return true
  }

  async #post(lines: readonly string[], current: Current): Promise<{ verdict: Verdict; askedMs: number }> {
    const { url, writeKey, userAgent, post, parts, requested } = this.#options
    requested(current.isAgain)
    current.isAgain = true
    try {
      const body = `${lines.join('\n')}\n`
      const answer = await post(requestOf(url, writeKey, userAgent, body), this.#stop.signal)
      return { verdict: verdictOf(answer), askedMs: retryAfterMs(answer.retryAfter, parts.now()) }
    } catch {
      return { verdict: { kind: 'away' }, askedMs: 0 }
    }
  }

  /** Whether the sending goes on. */
  #settles(verdict: Verdict, lines: readonly string[], askedMs: number, { linesMaxBefore }: Current): boolean {
    const { answered, dropped, warn } = this.#options
    switch (verdict.kind) {
      case 'taken':
        this.#backoff.succeeded()
        answered({ lines, accepted: verdict.accepted, rejected: verdict.rejected })
        return true
      case 'refused':
        warn('the collector refuses what is sent; the events are dropped')
        dropped('refused', lines.length)
        return true
      case 'too-large':
        // One event that is too large says nothing of how many others a request may have.
        this.#linesMax = lines.length === 1 ? linesMaxBefore : Math.ceil(lines.length / 2)
        if (lines.length === 1) dropped('refused', 1)
        return true
      case 'away':
        this.#rest(this.#backoff.failed('away', askedMs), askedMs > 0)
        return false
      case 'misdirected':
        warn(`${verdict.why}; events are kept and it is tried again later`)
        this.#rest(this.#backoff.failed('refused', askedMs), askedMs > 0)
        return false
    }
  }

  #rest(ms: number, isAsked: boolean): void {
    this.#pause = isAsked ? 'asked' : 'own'
    this.#callOff = this.#options.parts.after(ms, () => {
      this.#pause = 'none'
      this.wake()
    })
  }
}

function halves(lines: string[]): string[][] {
  const middle = Math.ceil(lines.length / 2)
  return [lines.slice(0, middle), lines.slice(middle)]
}
