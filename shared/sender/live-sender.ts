/** A sender that sends: from `track` through memory and spool to the collector. */

import { eventsUrl, keyOf, printerOf, userAgentOf } from './checked-options.ts'
import { Delivery } from './delivery.ts'
import { eventLine } from './event-line.ts'
import { type DropReason, type Limits, limitsOf, type SenderOptions, type TrackedEvent, wishOf } from './options.ts'
import type { SenderParts } from './parts.ts'
import { type Connection, openConnection } from './post.ts'
import type { Sender } from './sender.ts'
import { showingPost } from './show.ts'
import { Spool } from './spool.ts'
import { type SenderStats, Stats } from './stats.ts'
import { Store } from './store.ts'
import { Waiters } from './waiters.ts'
import { guarded, warnOnce } from './warn-once.ts'

/** What `close` may take longer to write what is left to the disk. */
const closeMsMax = 1_000

export class LiveSender implements Sender {
  readonly #options: SenderOptions
  readonly #parts: SenderParts
  readonly #limits: Limits
  readonly #store: Store
  readonly #spool: Spool
  readonly #delivery: Delivery
  readonly #connection: Connection
  readonly #stats: Stats
  readonly #waiters = new Waiters()
  #isOpen = false
  #closed: Promise<boolean> | undefined

  /** @throws Error that says what is wrong with the options */
  static start(options: SenderOptions, parts: SenderParts): Sender {
    return new LiveSender(options, parts)
  }

  private constructor(options: SenderOptions, parts: SenderParts) {
    const url = eventsUrl(options.url)
    const limits = limitsOf(options)
    const isShown = wishOf(options) === 'show'
    const warn = warnOnce(options.onWarning)
    // Half of it for what is not written yet, half for what cannot be.
    const bounds = { ...limits, memoryBytesMax: limits.memoryBytesMax / 2 }
    const dropped = (reason: DropReason, events: number) => this.#dropped(reason, events)
    this.#options = options
    this.#parts = parts
    this.#limits = limits
    this.#stats = new Stats(() => this.#waiting())
    this.#spool = new Spool({
      ...bounds,
      dir: isShown ? undefined : options.spoolDir,
      now: () => parts.now(),
      warn,
      dropped,
    })
    this.#connection = openConnection(url, limits.answerMsMax)
    this.#delivery = new Delivery({
      ...{ spool: this.#spool, url: url.href, limits, parts, warn, dropped },
      writeKey: keyOf(options.writeKey),
      userAgent: userAgentOf(options.userAgent),
      post: isShown ? showingPost(printerOf(options)) : (parts.post ?? this.#connection.post),
      requested: (isAgain) => {
        this.#stats.requests++
        if (isAgain) this.#stats.requestsAgain++
      },
      answered: (answered) => {
        this.#stats.accepted += answered.accepted
        this.#stats.rejected += answered.rejected.length
        guarded(options.onAnswered, answered)
      },
      changed: () => this.#waiters.look(),
    })
    const changed = () => {
      this.#waiters.look()
      this.#delivery.wake()
    }
    const opened = this.#spool.open().then(() => {
      this.#isOpen = true
      changed()
    })
    this.#store = new Store({ spool: this.#spool, opened, limits: bounds, parts, warn, stored: changed })
  }

  track(event: TrackedEvent): boolean {
    if (this.#closed) {
      this.#dropped('closed', 1)
      return false
    }
    const line = eventLine(event, this.#options.defaults ?? {}, this.#limits.eventBytesMax, this.#parts)
    if (typeof line === 'string') {
      this.#dropped(line, 1)
      return false
    }
    const lost = this.#store.add(line, ++this.#stats.tracked)
    if (lost > 0) this.#dropped('memory-full', lost)
    return true
  }

  handedOver(msMax = 5_000): Promise<boolean> {
    const last = this.#stats.tracked
    this.#store.storeUpTo(last)
    return this.#waiters.until(() => Math.min(this.#store.first, this.#spool.firstInMemory) > last, msMax)
  }

  async flush(msMax = 5_000): Promise<boolean> {
    const until = performance.now() + msMax
    const last = this.#stats.tracked
    const isSettled = () => Math.min(this.#store.first, this.#spool.first) > last
    if (!(await this.#stored(last, msMax))) return false
    const release = this.#delivery.hurry()
    await this.#waiters.until(() => isSettled() || this.#delivery.isPaused, until - performance.now())
    release()
    return isSettled()
  }

  close(msMax = 2_000): Promise<boolean> {
    this.#closed ??= this.#close(msMax)
    return this.#closed
  }

  get stats(): SenderStats {
    return this.#stats.stats
  }

  async #close(msMax: number): Promise<boolean> {
    const isDone = await this.flush(msMax)
    if (!isDone) await this.#stored(this.#stats.tracked, closeMsMax)
    await this.#delivery.stop()
    this.#connection.close()
    const left = this.#store.close() + (await this.#spool.close())
    if (left > 0) this.#dropped('closed', left)
    return isDone
  }

  /** Whether the folder is open and everything up to that number is in the spool. */
  async #stored(last: number, msMax: number): Promise<boolean> {
    this.#store.storeUpTo(last)
    return await this.#waiters.until(() => this.#isOpen && this.#store.first > last, msMax)
  }

  #waiting(): { memoryBytes: number; spoolBytes: number } {
    return { memoryBytes: this.#store.size + this.#spool.memoryBytes, spoolBytes: this.#spool.bytes }
  }

  #dropped(reason: DropReason, events: number): void {
    this.#stats.dropped[reason] += events
    guarded(this.#options.onDropped, reason, events)
  }
}
