/** Lines that are in memory alone, in the order in which they were tracked: chunks of at most a batch, oldest first. */
import type { EventLine } from './event-line.ts'

export interface Chunk {
  /** Lines, each with its end. */
  text: string
  events: number
  /** Bytes. */
  size: number
  /** Number of its first event; the first event of a sender has number 1. */
  readonly first: number
}

export interface ChunkLimits {
  readonly batchEventsMax: number
  readonly batchBytesMax: number
  readonly memoryBytesMax: number
}

export class PendingLines {
  readonly #limits: ChunkLimits
  readonly #chunks: Chunk[] = []
  #size = 0

  constructor(limits: ChunkLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#size
  }

  get isEmpty(): boolean {
    return this.#chunks.length === 0
  }

  /** Number of the oldest event; infinite when there is none. */
  get first(): number {
    return this.#chunks[0]?.first ?? Number.POSITIVE_INFINITY
  }

  /** Whether waiting for more would not make a larger write. */
  get isFull(): boolean {
    return this.#chunks.length > 1
  }

  /** Adds a line; returns how many of the oldest events had to go for it. */
  add({ text, bytes }: EventLine, number: number): number {
    const { batchEventsMax, batchBytesMax, memoryBytesMax } = this.#limits
    const chunk = this.#chunks.at(-1)
    if (chunk && chunk.events < batchEventsMax && chunk.size + bytes <= batchBytesMax) {
      chunk.text += text
      chunk.events++
      chunk.size += bytes
    } else {
      this.#chunks.push({ text, events: 1, size: bytes, first: number })
    }
    this.#size += bytes
    let dropped = 0
    while (this.#size > memoryBytesMax && this.#chunks.length > 1) dropped += this.take()?.events ?? 0
    return dropped
  }

  /** Removes and returns the oldest chunk. */
  take(): Chunk | undefined {
    const chunk = this.#chunks.shift()
    if (chunk) this.#size -= chunk.size
    return chunk
  }

  /** Forgets all; returns how many events that was. */
  clear(): number {
    let events = 0
    for (let chunk = this.take(); chunk; chunk = this.take()) events += chunk.events
    return events
  }
}
