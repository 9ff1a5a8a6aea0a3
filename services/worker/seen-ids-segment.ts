/**
 * A segment: sightings sorted by hash in a scratch file that never changes. In memory stay its filter and, for each
 * block of the filter, where that block's stretch of the file starts: 13 bits per id together. An id that passes the
 * filter costs one read of about 43 sightings.
 */
import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { duplicate, Entries, entryBytes, sameSighting, unseen, type Verdict } from './seen-ids-entries.ts'
import { FilterBits, SeenIdsFilter } from './seen-ids-filter.ts'
import type { SortedReader } from './seen-ids-merge.ts'

const writeEntries = 2048
const readEntries = 1024
/** Twice the mean stretch: a second read is rare. Shared, as reading is synchronous. */
const stretch = new Entries(96)

export interface SegmentParts {
  file: string
  fd: number
  filter: SeenIdsFilter
  /** By block, and the end: number of the first sighting. */
  starts: Uint32Array
  oldest: number
  newest: number
}

export class SeenIdsSegment {
  readonly #parts: SegmentParts
  readonly #filter: SeenIdsFilter
  readonly size: number

  constructor(parts: SegmentParts) {
    this.#parts = parts
    this.#filter = parts.filter
    this.size = parts.starts.at(-1) ?? 0
  }

  /** Smallest appendedAt. */
  get oldest(): number {
    return this.#parts.oldest
  }

  /** Largest appendedAt. */
  get newest(): number {
    return this.#parts.newest
  }

  /** False when the id with these bits is surely not here. */
  mayHave(bits: FilterBits): boolean {
    return this.#filter.mayHave(bits)
  }

  /** What all sightings here together say about the one first in `sighting`. A read; to be asked only where the filter may have it. */
  verdict(sighting: Entries, windowMs: number): Verdict {
    return this.#search(this.#filter.block(sighting.key(0)), sighting, windowMs)
  }

  /** Reads sightings from number `from` on; returns how many. */
  read(into: Entries, from: number, before = this.size): number {
    const entries = Math.min(into.capacity, before - from)
    const { fd, file } = this.#parts
    for (let done = 0; done < entries * entryBytes; ) {
      const bytes = readSync(fd, into.bytes, done, entries * entryBytes - done, from * entryBytes + done)
      if (bytes === 0) throw new Error(`the scratch file ${file} is shorter than it was written`)
      done += bytes
    }
    return entries
  }

  /** Shows the sightings in the order of their hashes. */
  sorted(): SortedReader {
    return new SegmentReader(this)
  }

  remove(): void {
    closeSync(this.#parts.fd)
    rmSync(this.#parts.file, { force: true })
  }

  #search(block: number, sighting: Entries, windowMs: number): Verdict {
    const before = this.#parts.starts[block + 1]!
    let found: Verdict = unseen
    for (let from = this.#parts.starts[block]!; from < before; from += stretch.capacity) {
      const entries = this.read(stretch, from, before)
      for (let at = 0; at < entries; at++) {
        const one = stretch.verdict(at, sighting, windowMs)
        if (one === duplicate) return duplicate
        if (one === sameSighting) found = sameSighting
      }
    }
    return found
  }
}

class SegmentReader implements SortedReader {
  readonly entries = new Entries(readEntries)
  at = -1
  readonly #segment: SeenIdsSegment
  /** In `entries`. */
  #size = 0
  #readBefore = 0

  constructor(segment: SeenIdsSegment) {
    this.#segment = segment
  }

  next(): boolean {
    if (++this.at < this.#size) return true
    this.#size = this.#segment.read(this.entries, this.#readBefore)
    this.#readBefore += this.#size
    this.at = 0
    return this.#size > 0
  }
}

/** Writes a segment from sightings given in the order of their hashes. */
export class SegmentWriter {
  readonly #file: string
  readonly #fd: number
  readonly #filter: SeenIdsFilter
  readonly #starts: Uint32Array
  readonly #bits = new FilterBits()
  readonly #unwritten = new Entries(writeEntries)
  #unwrittenSize = 0
  #size = 0
  #blocksStarted = 0
  #oldest = Number.POSITIVE_INFINITY
  #newest = Number.NEGATIVE_INFINITY

  /** @param idsMax most sightings that will be added */
  constructor(file: string, idsMax: number) {
    this.#file = file
    this.#filter = new SeenIdsFilter(idsMax)
    this.#starts = new Uint32Array(this.#filter.blocks + 1)
    this.#fd = openSync(file, 'w+', 0o600)
  }

  add(entries: Entries, at: number): void {
    const bits = this.#bits.of(entries, at)
    const block = this.#filter.block(bits.key)
    while (this.#blocksStarted <= block) this.#starts[this.#blocksStarted++] = this.#size
    this.#filter.add(block, bits)
    this.#oldest = Math.min(this.#oldest, entries.appendedAt(at))
    this.#newest = Math.max(this.#newest, entries.appendedAt(at))
    this.#unwritten.copy(this.#unwrittenSize++, entries, at)
    this.#size++
    if (this.#unwrittenSize === writeEntries) this.#write()
  }

  /** Undefined, and no file, when nothing was added. */
  finish(): SeenIdsSegment | undefined {
    if (this.#size === 0) {
      this.abandon()
      return undefined
    }
    this.#write()
    this.#starts.fill(this.#size, this.#blocksStarted)
    return new SeenIdsSegment({
      file: this.#file,
      fd: this.#fd,
      filter: this.#filter,
      starts: this.#starts,
      oldest: this.#oldest,
      newest: this.#newest,
    })
  }

  abandon(): void {
    closeSync(this.#fd)
    rmSync(this.#file, { force: true })
  }

  #write(): void {
    const bytes = this.#unwrittenSize * entryBytes
    for (let done = 0; done < bytes; ) done += writeSync(this.#fd, this.#unwritten.bytes, done, bytes - done)
    this.#unwrittenSize = 0
  }
}
