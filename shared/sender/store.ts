/** The way of events from memory to the spool: a write now and then, at once when there is enough or somebody asks. */
import type { EventLine } from './event-line.ts'
import type { SenderParts } from './parts.ts'
import { type Chunk, type ChunkLimits, PendingLines } from './pending-lines.ts'
import type { Spool } from './spool.ts'

export interface StoreOptions {
  readonly spool: Spool
  /** Nothing is written before. */
  readonly opened: Promise<void>
  readonly limits: ChunkLimits & { readonly syncMs: number }
  readonly parts: SenderParts
  readonly warn: (message: string) => void
  /** Something is in the spool that was not. */
  readonly stored: () => void
}

export class Store {
  readonly #options: StoreOptions
  readonly #pending: PendingLines
  /** Taken out of memory, and on its way to the disk. */
  #chunk: Chunk | undefined
  #isStoring = false
  #isDue = false
  /** Events up to that number are to be stored without delay. */
  #wanted = 0
  #callOff: () => void = () => undefined

  constructor(options: StoreOptions) {
    this.#options = options
    this.#pending = new PendingLines(options.limits)
  }

  /** Number of the oldest event that is not in the spool; infinite when there is none. */
  get first(): number {
    return this.#chunk?.first ?? this.#pending.first
  }

  /** Bytes that are not in the spool. */
  get size(): number {
    return this.#pending.size + (this.#chunk?.size ?? 0)
  }

  /** Takes a line; returns how many of the oldest events had to go for it. */
  add(line: EventLine, number: number): number {
    const lost = this.#pending.add(line, number)
    if (this.#pending.isFull) this.#begin()
    else this.#beginSoon()
    return lost
  }

  storeUpTo(number: number): void {
    this.#wanted = Math.max(this.#wanted, number)
    this.#begin()
  }

  /** Gives up what is not in the spool; returns how many events that is. */
  close(): number {
    this.#callOff()
    return this.#pending.clear()
  }

  #beginSoon(): void {
    if (this.#isDue || this.#isStoring) return
    this.#isDue = true
    const { parts, limits } = this.#options
    this.#callOff = parts.after(limits.syncMs, () => this.#begin())
  }

  #begin(): void {
    if (this.#isStoring || this.#pending.isEmpty) return
    this.#callOff()
    this.#isDue = false
    this.#isStoring = true
    this.#run().catch((error: Error) => {
      // Nothing is known to come here; if it does, it is a fault of the sender, and the host is not to pay for it.
      this.#options.warn(`events could not be stored: ${error.message}`)
      this.#isStoring = false
    })
  }

  /** What comes in meanwhile waits for its turn, or every event would be a write of its own. */
  async #run(): Promise<void> {
    const { opened, spool, stored } = this.#options
    await opened
    do {
      this.#chunk = this.#pending.take()
      if (this.#chunk) await spool.append(this.#chunk)
      this.#chunk = undefined
      stored()
    } while (this.#pending.isFull || this.#pending.first <= this.#wanted)
    this.#isStoring = false
    if (!this.#pending.isEmpty) this.#beginSoon()
  }
}
