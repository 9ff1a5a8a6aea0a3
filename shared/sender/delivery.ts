/** When what waits is sent: oldest first, one request at a time, with the pauses that the collector asks for or chance draws. */
import { latenessMs } from '../retention/limits.ts'
import type { Limits } from './options.ts'
import { readLines, type Segment } from './segment.ts'
import { type Current, type Pause, type RequestsOptions, SegmentRequests } from './segment-requests.ts'
import type { Spool } from './spool.ts'

/**
 * The collector drops events that are older than a day as late, and knows ids for five minutes longer: what was taken,
 * without an answer that came, is never sent again after that.
 */
const waitMsMax = latenessMs

export interface DeliveryOptions extends RequestsOptions {
  readonly spool: Spool
  readonly limits: Pick<Limits, 'batchMs'>
  /** Something has left the spool, or a pause has begun. */
  readonly changed: () => void
}

export class Delivery {
  readonly #options: DeliveryOptions
  readonly #requests: SegmentRequests
  readonly #stop = new AbortController()
  #current: Current | undefined
  #running: Promise<void> | undefined
  /** Something has come since it was last looked. */
  #isWoken = false
  #hurries = 0
  #pause: 'none' | 'own' | 'asked' = 'none'
  #callOff: () => void = () => undefined

  constructor(options: DeliveryOptions) {
    this.#options = options
    this.#requests = new SegmentRequests(options)
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
      this.#rest(this.#requests.pause())
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
      if (lines.length > 0) return this.#requests.begin(segment, lines)
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
    const pause = await this.#requests.send(current, this.#stop.signal)
    if (pause) {
      if (!this.#stop.signal.aborted) this.#rest(pause)
      return false
    }
    await this.#options.spool.remove(current.segment)
    return true
  }

  #rest({ ms, isAsked }: Pause): void {
    this.#pause = isAsked ? 'asked' : 'own'
    this.#callOff = this.#options.parts.after(ms, () => {
      this.#pause = 'none'
      this.wake()
    })
  }
}
