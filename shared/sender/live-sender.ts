/** A sender that sends: from `track` through memory and spool to the collector. */

import { eventsUrl, keyOf, printerOf, userAgentOf } from './checked-options.ts'
import { Delivery } from './delivery.ts'
import { eventLine } from './event-line.ts'
import { type DropReason, type Limits, limitsOf, type SenderOptions, type TrackedEvent, wishOf } from './options.ts'
import type { SenderParts } from './parts.ts'
import { type Chunk, PendingLines } from './pending-lines.ts'
import { type Connection, openConnection } from './post.ts'
import type { Sender } from './sender.ts'
import { showingPost } from './show.ts'
import { Spool } from './spool.ts'
import { type SenderStats, Stats } from './stats.ts'
import { Waiters } from './waiters.ts'
import { guarded, warnOnce } from './warn-once.ts'

/** What `close` may take longer to write what is left to the disk. */
const closeMsMax = 1_000

export class LiveSender implements Sender {
  readonly #options: SenderOptions
  readonly #warn: (message: string) => void
  readonly #parts: SenderParts
  readonly #limits: Limits
  readonly #pending: PendingLines
  readonly #spool: Spool
  readonly #delivery: Delivery
  readonly #connection: Connection
  readonly #stats: Stats
  readonly #waiters = new Waiters()
  readonly #opened: Promise<void>
  /** Taken out of memory, and on its way to the disk. */
  #chunk: Chunk | undefined
  #isStoring = false
  #isStoreDue = false
  /** Events up to that number are to be stored without delay. */
  #wanted = 0
  #isOpen = false
  #callOff: () => void = () => undefined
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
    this.#warn = warn
    this.#parts = parts
    this.#limits = limits
    this.#pending = new PendingLines(bounds)
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
    this.#opened = this.#spool.open().then(() => {
      this.#isOpen = true
      this.#waiters.look()
      this.#delivery.wake()
    })
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
    const lost = this.#pending.add(line, ++this.#stats.tracked)
    if (lost > 0) this.#dropped('memory-full', lost)
    if (this.#pending.isFull) this.#store()
    else this.#storeSoon()
    return true
  }

  handedOver(msMax = 5_000): Promise<boolean> {
    const last = this.#stats.tracked
    this.#storeUpTo(last)
    return this.#waiters.until(() => Math.min(this.#firstPending(), this.#spool.firstInMemory) > last, msMax)
  }

  async flush(msMax = 5_000): Promise<boolean> {
    const until = performance.now() + msMax
    const last = this.#stats.tracked
    const isSettled = () => Math.min(this.#firstPending(), this.#spool.first) > last
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
    this.#callOff()
    await this.#delivery.stop()
    this.#connection.close()
    const left = this.#pending.clear() + (await this.#spool.close())
    if (left > 0) this.#dropped('closed', left)
    return isDone
  }

  /** Whether the folder is open and everything up to that number is in the spool. */
  async #stored(last: number, msMax: number): Promise<boolean> {
    this.#storeUpTo(last)
    return await this.#waiters.until(() => this.#isOpen && this.#firstPending() > last, msMax)
  }

  #storeUpTo(last: number): void {
    this.#wanted = Math.max(this.#wanted, last)
    this.#store()
  }

  #storeSoon(): void {
    if (this.#isStoreDue || this.#isStoring) return
    this.#isStoreDue = true
    this.#callOff = this.#parts.after(this.#limits.syncMs, () => this.#store())
  }

  #store(): void {
    if (this.#isStoring || this.#pending.isEmpty) return
    this.#callOff()
    this.#isStoreDue = false
    this.#isStoring = true
    this.#storeAll().catch((error: Error) => {
      // Nothing is known to come here; if it does, it is a fault of the sender, and the host is not to pay for it.
      this.#warn(`events could not be stored: ${error.message}`)
      this.#isStoring = false
    })
  }

  /** What comes in meanwhile waits for its turn, or every event would be a write of its own. */
  async #storeAll(): Promise<void> {
    await this.#opened
    do {
      this.#chunk = this.#pending.take()
      if (this.#chunk) await this.#spool.append(this.#chunk)
      this.#chunk = undefined
      this.#waiters.look()
      this.#delivery.wake()
    } while (this.#pending.isFull || this.#pending.first <= this.#wanted)
    this.#isStoring = false
    if (!this.#pending.isEmpty) this.#storeSoon()
  }

  /** Number of the oldest event that is not in the spool. */
  #firstPending(): number {
    return this.#chunk?.first ?? this.#pending.first
  }

  #waiting(): { memoryBytes: number; spoolBytes: number } {
    const memoryBytes = this.#pending.size + (this.#chunk?.size ?? 0) + this.#spool.memoryBytes
    return { memoryBytes, spoolBytes: this.#spool.bytes }
  }

  #dropped(reason: DropReason, events: number): void {
    this.#stats.dropped[reason] += events
    guarded(this.#options.onDropped, reason, events)
  }
}
