/**
 * A segment: the file of one partition and one UTC hour of appendedAt, named by the position of its first record and
 * by its hour. It is unlinked whole, which is the only way in which records leave the log.
 */
import { constants } from 'node:fs'
import { type FileHandle, open, readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { readFully } from '../durable-file.ts'
import { decodeFrame, frameBytes, headerBytes } from './frame.ts'
import type { LogRecord } from './port.ts'

export const hourMs = 3_600_000
const chunkBytes = 1024 * 1024

export interface Segment {
  readonly file: string
  /** Position of the first record, also when there is none yet. */
  readonly base: number
  /** Start of its hour, ms since the Unix epoch. */
  readonly hour: number
  /** Bytes that are durable, and so may be read. */
  length: number
  /** The position after its last durable record. */
  next: number
}

/** What a scan or a reader meets in a damaged file: told to the operator, never a reason to stop. */
export type OnCorrupt = (damage: { file: string; offset: number; bytes: number }) => void

export function hourOf(time: number): number {
  return time - (time % hourMs)
}

/** `0000000000000042-20261123T10.segment` */
export function segmentName(base: number, hour: number): string {
  const compact = new Date(hour).toISOString().slice(0, 13).replaceAll('-', '')
  return `${String(base).padStart(16, '0')}-${compact}.segment`
}

/** The segments in `dir`, oldest first; `next` of the newest is still to be found by `recoverNewest`. */
export async function listSegments(dir: string): Promise<Segment[]> {
  const segments: Segment[] = []
  for (const name of await readdir(dir)) {
    const parts = /^(\d{16})-(\d{4})(\d\d)(\d\d)T(\d\d)\.segment$/.exec(name)
    if (!parts) continue
    const [, base, year, month, day, hourOfDay] = parts.map(Number) as [number, number, number, number, number, number]
    const file = path.join(dir, name)
    const { size } = await stat(file)
    segments.push({ file, base, hour: Date.UTC(year, month - 1, day, hourOfDay), length: size, next: base })
  }
  segments.sort((a, b) => a.base - b.base || a.hour - b.hour)
  for (const [index, segment] of segments.entries()) segment.next = segments[index + 1]?.base ?? segment.base
  return segments
}

/** Creates an empty segment file; the caller syncs the directory. */
export async function createSegment(dir: string, base: number, hour: number): Promise<Segment> {
  const file = path.join(dir, segmentName(base, hour))
  const handle = await open(file, constants.O_CREAT | constants.O_WRONLY, 0o600)
  await handle.close()
  return { file, base, hour, length: 0, next: base }
}

/**
 * Reads the newest segment through after a restart: finds its next position and cuts a torn tail off. Damage with
 * whole records after it stays where it is and is reported: those records were acknowledged.
 * @returns the appendedAt of the last record, or the start of the hour when there is none
 */
export async function recoverNewest(segment: Segment, onCorrupt: OnCorrupt): Promise<number> {
  const handle = await open(segment.file, 'r+')
  try {
    const walk = new SegmentWalk(segment, handle, onCorrupt)
    let lastAppendedAt = segment.hour
    for (let record = await walk.next(); record; record = await walk.next()) {
      segment.next = record.position + 1
      lastAppendedAt = record.appendedAt
    }
    if (walk.end < segment.length) await handle.truncate(walk.end)
    segment.length = walk.end
    // What was written but not yet synced when the process died is about to become readable, so it must be durable.
    await handle.sync()
    return lastAppendedAt
  } finally {
    await handle.close()
  }
}

/** Gives the records of one segment in order, in reads of about a mebibyte, passing over damage. */
export class SegmentWalk {
  readonly #segment: Segment
  readonly #handle: FileHandle
  readonly #onCorrupt: OnCorrupt
  #chunk: Buffer = Buffer.alloc(0)
  #chunkStart = 0
  #end = 0
  /** The position that the next frame must have at least. */
  #expected: number
  #peeked: LogRecord | undefined

  constructor(
    segment: Segment,
    handle: FileHandle,
    onCorrupt: OnCorrupt,
    start: { offset: number; position: number } = { offset: 0, position: segment.base },
  ) {
    this.#segment = segment
    this.#handle = handle
    this.#onCorrupt = onCorrupt
    this.#end = start.offset
    this.#chunkStart = start.offset
    this.#expected = start.position
  }

  /** File offset after the last whole record. */
  get end(): number {
    return this.#end
  }

  /** The next record if it is already in memory, so that a caller need not wait for each. */
  nextInMemory(): LogRecord | undefined {
    const peeked = this.#peeked
    if (peeked) {
      this.#peeked = undefined
      return peeked
    }
    const record = decodeFrame(this.#chunk, this.#end - this.#chunkStart)
    if (record) {
      this.#end += headerBytes + record.value.length
      this.#expected = record.position + 1
    }
    return record
  }

  /** Gives a record back: the next call returns it again. */
  putBack(record: LogRecord): void {
    this.#peeked = record
  }

  /** The next record, or undefined when there is none between here and the segment's durable end. */
  async next(): Promise<LogRecord | undefined> {
    const ready = this.nextInMemory()
    if (ready || this.#end >= this.#segment.length) return ready
    const available = this.#segment.length - this.#end
    await this.#load(Math.min(chunkBytes, available))
    const bytes = frameBytes(this.#chunk, 0)
    if (bytes !== undefined && bytes > this.#chunk.length && bytes <= available) await this.#load(bytes)
    return this.nextInMemory() ?? (await this.#passDamage())
  }

  async #load(bytes: number): Promise<void> {
    this.#chunk = await readFully(this.#handle, this.#end, bytes)
    this.#chunkStart = this.#end
  }

  /** Looks for the next whole frame behind a damaged one, byte by byte: the damage may be in the length. */
  async #passDamage(): Promise<LogRecord | undefined> {
    const { length, file } = this.#segment
    const damagedFrom = this.#end
    for (let from = damagedFrom + 1; from + headerBytes <= length; from += chunkBytes) {
      const window = await readFully(this.#handle, from, Math.min(chunkBytes + headerBytes - 1, length - from))
      for (let at = 0; at + headerBytes <= window.length && at < chunkBytes; at++) {
        if (!this.#looksLikeFrame(window, at, from)) continue
        const frame = await readFully(this.#handle, from + at, frameBytes(window, at) ?? headerBytes)
        if (!decodeFrame(frame, 0)) continue
        this.#onCorrupt({ file, offset: damagedFrom, bytes: from + at - damagedFrom })
        this.#end = from + at
        return await this.next()
      }
    }
    return undefined
  }

  /** Cheap checks before the CRC: its hour, a position that fits behind the damage, its end inside the file. */
  #looksLikeFrame(window: Buffer, at: number, windowStart: number): boolean {
    const { hour, length } = this.#segment
    const appendedAt = window.readUIntLE(at + 14, 6)
    if (appendedAt < hour || appendedAt >= hour + hourMs) return false
    const recordsBefore = window.readUIntLE(at + 8, 6) - this.#expected
    const mostBefore = (windowStart + at - this.#end) / headerBytes
    if (recordsBefore < 0 || recordsBefore > mostBefore) return false
    return windowStart + at + (frameBytes(window, at) ?? 0) <= length
  }
}
