/** One partition of the embedded log: its segments, the writer at the end of the newest, and who waits for records. */
import { constants, type FileHandle, open, unlink } from 'node:fs/promises'
import type { Clock } from '../clock.ts'
import { makeDirectory, syncDirectory, writeFully } from '../durable-file.ts'
import { InTurn } from '../in-turn.ts'
import { encodeFrames } from './frame.ts'
import {
  createSegment,
  hourMs,
  hourOf,
  listSegments,
  type OnCorrupt,
  recoverNewest,
  type Segment,
} from './segment-file.ts'

export interface PartitionOptions {
  clock: Clock
  fsync: boolean
  onCorrupt: OnCorrupt
}

export class Partition {
  readonly #dir: string
  readonly #options: PartitionOptions
  /** Oldest first, never empty: the newest one's name keeps the next position when all records are gone. */
  readonly #segments: Segment[]
  readonly #turns = new InTurn()
  readonly #waiting = new Set<() => void>()
  readonly #expiryListeners = new Set<(segment: Segment) => Promise<void>>()
  #lastAppendedAt: number
  #handle: FileHandle | undefined
  /** A write failed: what lies behind the durable length must be cut off before the next one. */
  #torn = false

  private constructor(dir: string, options: PartitionOptions, segments: Segment[], lastAppendedAt: number) {
    this.#dir = dir
    this.#options = options
    this.#segments = segments
    this.#lastAppendedAt = lastAppendedAt
  }

  static async open(dir: string, options: PartitionOptions): Promise<Partition> {
    await makeDirectory(dir)
    const segments = await listSegments(dir)
    if (segments.length === 0) segments.push(await createSegment(dir, 0, hourOf(options.clock.now())))
    const newest = segments[segments.length - 1] as Segment
    const lastAppendedAt = await recoverNewest(newest, options.onCorrupt)
    await syncDirectory(dir)
    return new Partition(dir, options, segments, lastAppendedAt)
  }

  /** The position after the last durable record. */
  get end(): number {
    return this.newest.next
  }

  /** The position of the first record still there (or of the next one, if none is). */
  get start(): number {
    return (this.#segments.find(({ length }) => length > 0) ?? this.newest).base
  }

  get bytes(): number {
    return this.#segments.reduce((sum, { length }) => sum + length, 0)
  }

  get newest(): Segment {
    return this.#segments[this.#segments.length - 1] as Segment
  }

  /** The oldest segment that may hold a record at or after `position`. */
  segmentFor(position: number): Segment | undefined {
    return this.#segments.find(({ next }) => next > position)
  }

  /** The one after it. Once there is one, nothing more is written to `segment`. */
  segmentAfter(segment: Segment): Segment | undefined {
    return this.#segments[this.#segments.indexOf(segment) + 1]
  }

  /**
   * Writes `values` at the next positions in one write and one sync, durable when it resolves. After an error none of
   * them is in the log.
   */
  write(values: readonly Buffer[]): Promise<{ position: number; appendedAt: number }> {
    return this.#turns.run(async () => {
      if (this.#torn) await this.#cutTornTail()
      const appendedAt = Math.max(this.#options.clock.now(), this.#lastAppendedAt)
      if (hourOf(appendedAt) !== this.newest.hour) await this.#roll(hourOf(appendedAt))
      const segment = this.newest
      const position = segment.next
      const frames = encodeFrames(values, position, appendedAt)
      const handle = await this.#open()
      try {
        await writeFully(handle, frames, segment.length)
      } catch (error) {
        this.#torn = true
        throw error
      }
      segment.length += frames.length
      segment.next = position + values.length
      this.#lastAppendedAt = appendedAt
      this.wake()
      return { position, appendedAt }
    })
  }

  /** Resolves at the next append, wake-up or after `waitMs`. */
  async waitForAppend(waitMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer)
        this.#waiting.delete(done)
        resolve()
      }
      const timer = setTimeout(done, waitMs)
      this.#waiting.add(done)
    })
  }

  /** Lets everybody who waits look again. */
  wake(): void {
    for (const done of [...this.#waiting]) done()
  }

  /** Calls `listener` before a segment is unlinked: an open handle would keep its bytes on the disk. */
  onExpiry(listener: (segment: Segment) => Promise<void>): () => void {
    this.#expiryListeners.add(listener)
    return () => this.#expiryListeners.delete(listener)
  }

  /** Unlinks the segments whose whole hour is older than `retentionMs`; returns their bytes. */
  expire(retentionMs: number): Promise<number> {
    return this.#turns.run(async () => {
      const now = this.#options.clock.now()
      const isOver = ({ hour }: Segment) => hour + hourMs + retentionMs <= now
      if (isOver(this.newest)) {
        if (this.#torn) await this.#cutTornTail()
        await this.#roll(hourOf(Math.max(now, this.#lastAppendedAt)))
      }
      let bytes = 0
      for (let oldest = this.#segments[0]; oldest && isOver(oldest); oldest = this.#segments[0]) {
        this.#segments.shift()
        for (const listener of this.#expiryListeners) await listener(oldest)
        await unlink(oldest.file)
        await syncDirectory(this.#dir)
        bytes += oldest.length
      }
      return bytes
    })
  }

  async close(): Promise<void> {
    this.wake()
    await this.#turns.idle()
    await this.#handle?.close()
    this.#handle = undefined
  }

  /** Synced by every write itself (O_DSYNC): one call where a write and a sync were two. */
  async #open(): Promise<FileHandle> {
    this.#handle ??= await open(this.newest.file, constants.O_RDWR | (this.#options.fsync ? constants.O_DSYNC : 0))
    return this.#handle
  }

  async #cutTornTail(): Promise<void> {
    const handle = await this.#open()
    await handle.truncate(this.newest.length)
    await handle.sync()
    this.#torn = false
  }

  async #roll(hour: number): Promise<void> {
    const segment = await createSegment(this.#dir, this.newest.next, hour)
    await syncDirectory(this.#dir)
    await this.#handle?.close()
    this.#handle = undefined
    this.#segments.push(segment)
  }
}
