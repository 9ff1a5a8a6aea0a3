/** Reads one partition forward, keeping its place: the next read goes on in the open file where the last one ended. */
import { type FileHandle, open } from 'node:fs/promises'
import { InTurn } from '../in-turn.ts'
import type { Partition } from './partition.ts'
import type { LogRecord } from './port.ts'
import { type OnCorrupt, type Segment, SegmentWalk } from './segment-file.ts'

interface Place {
  segment: Segment
  handle: FileHandle
  walk: SegmentWalk
  /** Position of the next record the walk gives, or less: there is no record in [gapFrom, position). */
  position: number
  gapFrom: number
}

export class SegmentReader {
  readonly #partition: Partition
  readonly #onCorrupt: OnCorrupt
  readonly #turns = new InTurn()
  readonly #stopListening: () => void
  #place: Place | undefined

  constructor(partition: Partition, onCorrupt: OnCorrupt) {
    this.#partition = partition
    this.#onCorrupt = onCorrupt
    this.#stopListening = partition.onExpiry((segment) =>
      this.#turns.run(async () => {
        if (this.#place?.segment === segment) await this.#leave()
      }),
    )
  }

  /** Durable records of [from, before), at most `limit.records` and about `limit.bytes`, at least one if there is any. */
  read(from: number, limit: { records: number; bytes: number; before: number }): Promise<LogRecord[]> {
    return this.#turns.run(async () => {
      const records: LogRecord[] = []
      let bytes = 0
      let place = await this.#goTo(from)
      while (place && records.length < limit.records) {
        const record: LogRecord | undefined = place.walk.nextInMemory()
        if (!record) {
          place = await this.#load(place)
          continue
        }
        if (record.position < from) continue
        bytes += record.value.length
        if (record.position >= limit.before || (bytes > limit.bytes && records.length > 0)) {
          place.walk.putBack(record)
          break
        }
        place.position = record.position + 1
        place.gapFrom = place.position
        records.push(record)
      }
      return records
    })
  }

  async close(): Promise<void> {
    this.#stopListening()
    await this.#turns.run(() => this.#leave())
  }

  async #goTo(from: number): Promise<Place | undefined> {
    const place = this.#place
    if (place && place.gapFrom <= from && from <= place.position) return place
    await this.#leave()
    const { end, newest } = this.#partition
    // A consumer that is up to date must not make the next read walk through the whole hour.
    if (from === end) return await this.#enter(newest, from, { offset: newest.length, position: end })
    const segment = this.#partition.segmentFor(from)
    return segment && (await this.#enter(segment, from, { offset: 0, position: segment.base }))
  }

  /** Brings the next record into memory, from the next segment if need be; undefined when there is none yet. */
  async #load(place: Place): Promise<Place | undefined> {
    const next = this.#partition.segmentAfter(place.segment)
    const record = await place.walk.next()
    if (record) {
      place.walk.putBack(record)
      return place
    }
    // A segment that became complete while it was being read may have got records meanwhile: look at it again.
    if (!next) return this.#partition.segmentAfter(place.segment) && place
    const { segment, walk, position, gapFrom } = place
    const bytes = segment.length - walk.end
    if (bytes > 0) this.#onCorrupt({ file: segment.file, offset: walk.end, bytes })
    await this.#leave()
    const entered = await this.#enter(next, gapFrom, { offset: 0, position: next.base })
    entered.position = Math.max(position, next.base)
    return entered
  }

  async #enter(segment: Segment, gapFrom: number, start: { offset: number; position: number }): Promise<Place> {
    const handle = await open(segment.file, 'r')
    const walk = new SegmentWalk(segment, handle, this.#onCorrupt, start)
    this.#place = { segment, handle, walk, gapFrom, position: Math.max(gapFrom, start.position) }
    return this.#place
  }

  async #leave(): Promise<void> {
    const place = this.#place
    this.#place = undefined
    await place?.handle.close()
  }
}
