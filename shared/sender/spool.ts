/**
 * What waits for the collector: a row of segments, oldest first, of which the last may be open. They are files, or in
 * memory where there is no folder or the disk refuses. Bounded: the oldest go first, and are counted.
 */
import { InTurn } from '../in-turn.ts'
import type { Chunk } from './pending-lines.ts'
import { removeSegment, type Segment } from './segment.ts'
import { SpoolFolder } from './spool-folder.ts'

/** An open segment's oldest event is no older, so that one that is too old does not take young ones with it. */
const openMsMax = 15 * 60_000
/** Lines of files that are kept in memory too, so that what is sent soon need not be read. */
const cachedBytesMax = 1024 * 1024

export interface SpoolOptions {
  readonly dir: string | undefined
  readonly batchEventsMax: number
  readonly batchBytesMax: number
  readonly memoryBytesMax: number
  readonly spoolBytesMax: number
  readonly now: () => number
  readonly warn: (message: string) => void
  readonly dropped: (reason: 'memory-full' | 'spool-full', events: number) => void
}

export class Spool {
  readonly #options: SpoolOptions
  #folder: SpoolFolder | undefined
  #segments: Segment[] = []
  readonly #turn = new InTurn()
  #next = 1
  /** The segment that is being sent: it is not dropped. */
  #taken: Segment | undefined

  constructor(options: SpoolOptions) {
    this.#options = options
  }

  /** Takes the folder. Without one, or when it cannot be had: all is in memory. Never rejects. */
  async open(): Promise<void> {
    const { dir, warn } = this.#options
    if (dir === undefined) return
    try {
      this.#folder = await SpoolFolder.take(dir)
      this.#segments = await this.#folder.left()
      this.#next = (this.#segments.at(-1)?.number ?? 0) + 1
    } catch (error) {
      warn(`the spool's folder cannot be used, events are kept in memory only: ${(error as Error).message}`)
    }
  }

  get isEmpty(): boolean {
    return this.#segments.length === 0
  }

  /** On disk. */
  get bytes(): number {
    return this.#sum((segment) => segment.file !== undefined)
  }

  /** Of lines that are in memory alone. */
  get memoryBytes(): number {
    return this.#sum((segment) => segment.file === undefined)
  }

  /** When the open segment was begun, if it is all there is. */
  get openSince(): number | undefined {
    const [first] = this.#segments
    return first?.isOpen ? first.madeAt : undefined
  }

  /** Number of the oldest event that waits; infinite when none does. */
  get first(): number {
    return this.#segments[0]?.first ?? Number.POSITIVE_INFINITY
  }

  /** The same of events that a kill of the process would lose. */
  get firstInMemory(): number {
    return this.#segments.find(({ file }) => file === undefined)?.first ?? Number.POSITIVE_INFINITY
  }

  /** Adds the chunk; once it resolves it is on disk, if the disk takes it. Never rejects. */
  append(chunk: Chunk): Promise<void> {
    return this.#turn.run(() => this.#append(chunk))
  }

  /** The oldest segment, closed; the open one only if it may be. */
  take(mayClose: (madeAt: number) => boolean): Promise<Segment | undefined> {
    return this.#turn.run(() => this.#take(mayClose))
  }

  async #append(chunk: Chunk): Promise<void> {
    await this.#makeRoom(this.#folder ? chunk.size : 0)
    const segment = await this.#writable(chunk)
    if (segment.file !== undefined) {
      try {
        await this.#write(chunk.text)
      } catch (error) {
        this.#refused(error)
        await this.#close(segment)
        if (!this.#segments.includes(segment)) await removeSegment(segment)
        return await this.#settle(this.#newSegment(undefined, chunk), chunk)
      }
    }
    await this.#settle(segment, chunk)
  }

  /** @throws Error when the disk refuses, or the folder has been given up meanwhile */
  async #write(text: string): Promise<void> {
    if (!this.#folder) throw new Error('the sender is closed')
    await this.#folder.write(text)
  }

  async #take(mayClose: (madeAt: number) => boolean): Promise<Segment | undefined> {
    const [first] = this.#segments
    if (!first || (first.isOpen && !mayClose(first.madeAt))) return undefined
    this.#taken = first
    if (first.isOpen) await this.#close(first)
    return first
  }

  /** Forgets a segment whose events are settled, and its file; returns how many it had. */
  async remove(segment: Segment): Promise<number> {
    this.#segments = this.#segments.filter((one) => one !== segment)
    if (this.#taken === segment) this.#taken = undefined
    return await removeSegment(segment)
  }

  /** Leaves the files where they are; returns how many events are lost that were in memory alone. */
  async close(): Promise<number> {
    await this.#folder?.release()
    this.#folder = undefined
    const inMemory = this.#segments.filter(({ file }) => file === undefined)
    return inMemory.reduce((sum, { events = 0 }) => sum + events, 0)
  }

  async #writable(chunk: Chunk): Promise<Segment> {
    const { batchEventsMax, batchBytesMax, now } = this.#options
    const last = this.#segments.at(-1)
    if (last?.isOpen) {
      const fits = (last.events ?? 0) + chunk.events <= batchEventsMax && last.size + chunk.size <= batchBytesMax
      if (fits && now() - last.madeAt < openMsMax) return last
      await this.#close(last)
    }
    return await this.#begin(chunk)
  }

  async #begin(chunk: Chunk): Promise<Segment> {
    const folder = this.#folder
    if (!folder) return this.#newSegment(undefined, chunk)
    const segment = this.#newSegment(folder, chunk)
    try {
      await folder.begin(segment.file as string)
      return segment
    } catch (error) {
      this.#refused(error)
      return this.#newSegment(undefined, chunk)
    }
  }

  #newSegment(folder: SpoolFolder | undefined, { first }: Chunk): Segment {
    const place = { number: this.#next++, madeAt: this.#options.now() }
    return { ...place, file: folder?.fileOf(place), text: '', size: 0, events: 0, first, isOpen: true }
  }

  async #settle(segment: Segment, chunk: Chunk): Promise<void> {
    if (segment.text !== undefined) segment.text += chunk.text
    segment.size += chunk.size
    segment.events = (segment.events ?? 0) + chunk.events
    if (this.#segments.at(-1) !== segment) this.#segments.push(segment)
    if (segment.events >= this.#options.batchEventsMax) await this.#close(segment)
    await this.#makeRoom(0)
  }

  async #close(segment: Segment): Promise<void> {
    segment.isOpen = false
    if (segment.file === undefined) return
    await this.#folder?.end()
    const cached = this.#sum((one) => one.file !== undefined && one.text !== undefined)
    if (cached > cachedBytesMax) segment.text = undefined
  }

  /** @param size of what comes next on disk */
  async #makeRoom(size: number): Promise<void> {
    const { memoryBytesMax, spoolBytesMax, dropped } = this.#options
    while (this.bytes + size > spoolBytesMax) {
      const oldest = this.#segments.find((one) => one.file !== undefined && !one.isOpen && one !== this.#taken)
      if (!oldest) break
      dropped('spool-full', await this.remove(oldest))
    }
    while (this.memoryBytes > memoryBytesMax) {
      const oldest = this.#segments.find((one) => one.file === undefined && !one.isOpen && one !== this.#taken)
      if (!oldest) break
      dropped('memory-full', await this.remove(oldest))
    }
  }

  #refused(error: unknown): void {
    this.#options.warn(`the disk does not take events, they are kept in memory: ${(error as Error).message}`)
  }

  #sum(counts: (segment: Segment) => boolean): number {
    let sum = 0
    for (const segment of this.#segments) if (counts(segment)) sum += segment.size
    return sum
  }
}
