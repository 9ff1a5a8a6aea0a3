/**
 * The first pass of a seal: every record of the log that can have events of the day, read again in the log's order, and
 * each event that counts written to its unit's bucket without its sender.
 *
 * What counts is what the pipeline counts: the same opening, bots and times. Deduplication and bounds come with the
 * second pass, within a unit only.
 */
import type { Catalogue } from '../../../shared/catalogue.ts'
import type { LeftOut } from '../../../shared/choices/left-out.ts'
import { Drop } from '../../../shared/drop-reason.ts'
import type { Unit } from '../../../shared/event.ts'
import type { LogRecord, PartitionHistory } from '../../../shared/eventlog/port.ts'
import { KeyedHash } from '../../../shared/keyed-hash.ts'
import { latenessMs } from '../../../shared/retention/limits.ts'
import { dayMs } from '../../../shared/window.ts'
import { classify, classifyClient } from '../classify-client.ts'
import { decode, type OpenedRecord, observe } from '../decode.ts'
import { naturalKey } from '../deduplicate.ts'
import { dropBots } from '../drop-bots.ts'
import { IdFingerprints } from '../id-fingerprint.ts'
import { type Locate, locate } from '../locate.ts'
import type { EventShape } from '../observation.ts'
import { aheadMs, placedTime } from '../place-in-time.ts'
import { encodeHashed, hashBytes } from './hashed-record.ts'
import { hashedSubject, hashedUnit } from './hashed-unit.ts'
import type { ReleasedValues } from './released-values.ts'
import type { UnitBuckets } from './unit-buckets.ts'

const readLimit = { records: 5000, bytes: 8 * 1024 * 1024, waitMs: 0 }
/** An import's records say so near their beginning; it is looked at without opening the record. */
const headBytes = 48

export interface ReadDayTools {
  readonly catalogue: Catalogue
  readonly values: ReleasedValues
  readonly locate: Locate
  /** Whose records are left out. */
  readonly leftOut: LeftOut
  /** The seal's own key, 32 bytes. */
  readonly sealKey: Uint8Array
  readonly buckets: UnitBuckets
  /** Told after each portion, in records. */
  readonly onRead: (records: number, bytes: number, events: number) => Promise<void>
}

/** Reads [start, before) of a partition. @param day start of the UTC day, ms since the Unix epoch */
export async function readDay(
  history: PartitionHistory,
  before: number,
  day: number,
  tools: ReadDayTools,
): Promise<void> {
  const reader = new DayReader(day, tools)
  let next = (await history.bounds()).start
  while (next < before) {
    const { records, end } = await history.read(next, { ...readLimit, before })
    let events = 0
    for (const record of records) {
      const written = reader.hashed(record)
      if (!written) continue
      events += written.events
      await tools.buckets.add(written.bytes)
    }
    const bytes = records.reduce((sum, { value }) => sum + value.length, 0)
    await tools.onRead(records.length, bytes, events)
    const last = records.at(-1)?.position
    if (last === undefined && end >= before) return
    next = last === undefined ? end : last + 1
  }
}

/** Turns records into what is written of them; pure but for its caches. */
export class DayReader {
  readonly #day: number
  readonly #tools: Pick<ReadDayTools, 'catalogue' | 'values' | 'locate' | 'leftOut'>
  readonly #key: KeyedHash
  readonly #fingerprints: IdFingerprints

  constructor(day: number, tools: Pick<ReadDayTools, 'catalogue' | 'values' | 'locate' | 'leftOut' | 'sealKey'>) {
    this.#day = day
    this.#tools = tools
    this.#key = new KeyedHash(tools.sealKey)
    this.#fingerprints = new IdFingerprints(tools.sealKey)
  }

  /** The record's events of the day, without their sender; undefined when it has none. */
  hashed(record: LogRecord): { bytes: Buffer; events: number } | undefined {
    if (!this.#canHave(record)) return undefined
    const opened = decode(record, this.#tools.catalogue)
    if (opened instanceof Drop || this.#tools.leftOut.why(opened.sender) !== undefined) return undefined
    return this.#write(opened)
  }

  /** A live event is at most 24 h older than its record, and 5 minutes ahead; an imported line may be of any time. */
  #canHave({ appendedAt, value }: LogRecord): boolean {
    if (appendedAt >= this.#day - aheadMs && appendedAt < this.#day + dayMs + latenessMs) return true
    return value.toString('latin1', 0, headBytes).includes('"import')
  }

  #write(opened: OpenedRecord): { bytes: Buffer; events: number } | undefined {
    const { sender, ids } = opened
    const { unit } = sender
    const shapes: string[] = []
    const shapeOf = new Map<EventShape, number>()
    const fingerprints = this.#fingerprints.of([{ unit, ids }])
    const kinds: number[] = []
    let length = 0
    for (let index = 0; index < ids.length; index++) {
      const seen = observe(opened, index, this.#tools.catalogue)
      if (seen instanceof Drop || dropBots(seen) instanceof Drop) continue
      const time = placedTime(seen.sentTime, sender)
      if (time === undefined || time < this.#day || time >= this.#day + dayMs) continue
      let kind = shapeOf.get(seen.shape)
      if (kind === undefined) {
        const { country = '', client = classifyClient('') } = classify(locate(seen, this.#tools)).sender
        const text = this.#tools.values.of(seen.shape, country, client)
        kind = text === '' ? -1 : shapes.push(text) - 1
        shapeOf.set(seen.shape, kind)
      }
      if (kind < 0) continue
      seen.time = time
      const natural = naturalKey(seen)
      // In place: what is kept never overtakes what is looked at.
      if (natural !== undefined) fingerprints.set(this.#hash(natural), length)
      else fingerprints.copyWithin(length, index * hashBytes, (index + 1) * hashBytes)
      length += hashBytes
      kinds.push(kind)
    }
    if (kinds.length === 0) return undefined
    const from = Math.min(sender.receivedAt, sender.appendedAt)
    const bytes = encodeHashed({ unit: this.#hashedUnit(unit), from, shapes, kinds, ids: fingerprints })
    return { bytes, events: kinds.length }
  }

  #hashedUnit(unit: Unit): string {
    const subject = this.#tools.leftOut.subjectOf(unit)
    return subject === undefined ? hashedUnit(this.#key, unit) : hashedSubject(this.#key, subject)
  }

  #hash(text: string): Buffer {
    return this.#key.digest(text).subarray(0, hashBytes)
  }
}
