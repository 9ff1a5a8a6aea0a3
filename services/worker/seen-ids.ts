/**
 * The exact set of recently seen event ids of one log partition, in nearly constant memory.
 *
 * The newest ids are in a table. A full table is written to a sorted scratch segment, of which a filter stays in
 * memory, while a second table fills; segments are merged tier by tier. Both go on a few sightings with each new id, so
 * that they are over before the next table is full and the event loop is never held by them. Merging was chosen over
 * many small generations because every lookup asks every segment: 5 filters instead of 40, and one read instead of
 * several for an id that is in fact known. It costs each id some two more writes.
 *
 * Sightings are never overwritten, only added and forgotten: the verdict on a place depends on sightings at smaller
 * places alone, so running any stretch of the log again gives the verdicts of the first run, whatever was seen since.
 */
import { mkdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { LookAhead } from './seen-ids-ahead.ts'
import { duplicate, Entries, unseen, type Verdict } from './seen-ids-entries.ts'
import { FilterBits } from './seen-ids-filter.ts'
import { dueForMerge, SegmentMerge } from './seen-ids-merge.ts'
import type { SeenIdsSegment } from './seen-ids-segment.ts'
import { SeenIdsTable } from './seen-ids-table.ts'

export interface SeenIdsOptions {
  /** Two sightings further apart than this (by appendedAt) are two events. Infinity: always one. */
  windowMs: number
  /** Folder for scratch segments; emptied at open: everything in it is rebuilt from the key-value store's blobs. */
  scratchDir: string
  /** Most ids held in memory, half of them being written to a segment. 2^21 take 84 MB. */
  memoryIdsMax?: number
}

const memoryIdsMaxDefault = 2 ** 21
/** New ids between two steps of a spill or merge: rarely, for a step has to fetch its state into the processor's cache. */
const stepEveryMax = 256
/** Most sightings of one step, some 8 ms; a merge of many times the table's size then takes longer than one table. */
const stepEntriesMax = 2 ** 16
/** Sightings of the full table that are written with each new id: twice as fast as the next one can fill. */
const spillPace = 2
/** An event is asked about under the key of its day and of those before that the window reaches back to: two at most. */
const runsInTurn = 3

export class SeenIds {
  readonly #options: Required<SeenIdsOptions>
  /** Most ids of a table. */
  readonly #tableMax: number
  readonly #stepEvery: number
  /** The sighting asked about; one for all calls, so that a call allocates nothing. */
  readonly #sighting = new Entries(1)
  readonly #bits = new FilterBits()
  /** Of the runs asked about in turn. */
  readonly #aheads = Array.from({ length: runsInTurn }, () => new LookAhead())
  #nextAhead = 0
  /** The table that fills. */
  #table: SeenIdsTable
  /** An empty one, for when it is full. */
  #spareTable: SeenIdsTable | undefined
  /** The full table, on its way to a segment. */
  #spill: SegmentMerge<SeenIdsTable> | undefined
  #segments: SeenIdsSegment[] = []
  #merge: SegmentMerge<SeenIdsSegment> | undefined
  #filesMade = 0
  /** What was appended then or before counts for nothing any more. */
  #forgetUpTo = Number.NEGATIVE_INFINITY

  private constructor(options: Required<SeenIdsOptions>) {
    this.#options = options
    this.#tableMax = Math.max(1, Math.floor(options.memoryIdsMax / 2))
    this.#table = new SeenIdsTable(this.#tableMax)
    this.#stepEvery = Math.min(stepEveryMax, this.#tableMax)
  }

  /** Opens an empty set, and empties its folder of what an earlier run left. */
  static open({ memoryIdsMax = memoryIdsMaxDefault, ...options }: SeenIdsOptions): SeenIds {
    rmSync(options.scratchDir, { recursive: true, force: true })
    mkdirSync(options.scratchDir, { recursive: true })
    return new SeenIds({ memoryIdsMax, ...options })
  }

  /** Remembered sightings; an id seen again outside the window counts again. */
  get size(): number {
    return this.#segments.reduce((sum, { size }) => sum + size, this.#table.size + (this.#spill?.size ?? 0))
  }

  /** Segments that a lookup asks. */
  get segments(): number {
    return this.#segments.length
  }

  /**
   * True when the id was seen at a smaller place in the log less than windowMs before (by appendedAt); otherwise
   * remembers this sighting. A sighting remembered at the same or a larger place makes no duplicate: the batch is
   * being run again.
   * @param hashes of ids, 16 bytes each, in the order in which they will be asked about; must be uniformly distributed to be fast
   * @param at where in `hashes` the id begins that is asked about
   * @param place position * 2^17 + index in the record; less than 2^53
   * @throws when the scratch disk fails; the set must then be closed and built again
   */
  isDuplicate(hashes: Uint8Array, place: number, appendedAt: number, at = 0): boolean {
    const verdict = this.#verdict(hashes, at, place, appendedAt)
    if (verdict === unseen) this.#remember()
    return verdict === duplicate
  }

  /** As `isDuplicate`, but remembers nothing. */
  has(hashes: Uint8Array, place: number, appendedAt: number, at = 0): boolean {
    return this.#verdict(hashes, at, place, appendedAt) === duplicate
  }

  /**
   * Forgets segments in which everything is windowMs older than appendedAt, or more. To be called now and then, with
   * an appendedAt that no later sighting falls below.
   */
  expire(appendedAt: number): void {
    this.#forgetUpTo = Math.max(this.#forgetUpTo, appendedAt - this.#options.windowMs)
    const isOver = (segment: SeenIdsSegment) =>
      segment.newest <= this.#forgetUpTo && !this.#merge?.sources.includes(segment)
    for (const segment of this.#segments.filter(isOver)) this.#replace([segment], undefined)
    this.#planMerge()
  }

  /** Removes its scratch folder. It cannot be used afterwards. */
  close(): void {
    this.#spill?.abandon()
    this.#spill = undefined
    this.#merge?.abandon()
    this.#merge = undefined
    this.#replace(this.#segments, undefined)
    rmSync(this.#options.scratchDir, { recursive: true, force: true })
  }

  #verdict(hashes: Uint8Array, at: number, place: number, appendedAt: number): Verdict {
    const { windowMs } = this.#options
    const segments = this.#segments
    this.#sighting.set(0, hashes, place, appendedAt, at)
    const ahead = this.#aheadOf(hashes)
    const number = this.#numberAhead(ahead, hashes, at)
    if (number < 0 && segments.length > 0) this.#bits.of(this.#sighting, 0)
    let found = this.#table.verdict(this.#sighting, windowMs)
    if (this.#spill && found !== duplicate)
      found = surer(found, this.#spill.sources[0]!.verdict(this.#sighting, windowMs))
    for (let index = 0; index < segments.length && found !== duplicate; index++) {
      const mayHave = number < 0 ? segments[index]!.mayHave(this.#bits) : ahead.mayHave(number, index)
      if (mayHave) found = surer(found, segments[index]!.verdict(this.#sighting, windowMs))
    }
    return found
  }

  /** The id's number among those looked at ahead, which may be now; -1 when it is asked about by itself. */
  #numberAhead(ahead: LookAhead, hashes: Uint8Array, at: number): number {
    if (ahead.run === hashes) {
      const number = ahead.numberOf(this.#sighting, at, this.#segments)
      if (number >= 0) return number
    }
    const tables = this.#spill ? [this.#table, this.#spill.sources[0]!] : [this.#table]
    return ahead.look(hashes, at, tables, this.#segments)
  }

  /** One that has looked at this run; else the one that is next to be given another. */
  #aheadOf(hashes: Uint8Array): LookAhead {
    for (const ahead of this.#aheads) if (ahead.run === hashes) return ahead
    this.#nextAhead = (this.#nextAhead + 1) % runsInTurn
    return this.#aheads[this.#nextAhead]!
  }

  #remember(): void {
    if (!this.#table.add(this.#sighting)) {
      this.#startSpill()
      this.#table.add(this.#sighting)
    }
    if (this.#table.size % this.#stepEvery !== 0) return
    if (this.#spill) this.#stepSpill(this.#spill, spillPace * this.#stepEvery)
    // As much with each new id as gets the merge done before the next table is full.
    if (this.#merge) {
      const share = Math.ceil(this.#merge.size / this.#tableMax) * this.#stepEvery
      this.#stepMerge(this.#merge, Math.min(share, stepEntriesMax))
    }
  }

  #startSpill(): void {
    // Still going on only if hashes are far from uniform.
    if (this.#spill) this.#stepSpill(this.#spill, Number.POSITIVE_INFINITY)
    this.#spill = new SegmentMerge([this.#table], this.#newFile())
    this.#table = this.#spareTable ?? new SeenIdsTable(this.#tableMax)
    this.#spareTable = undefined
  }

  #stepSpill(spill: SegmentMerge<SeenIdsTable>, entriesMax: number): void {
    if (!spill.step(entriesMax, this.#forgetUpTo)) return
    this.#spill = undefined
    this.#spareTable = spill.sources[0]!
    this.#spareTable.clear()
    this.#replace([], spill.finish())
    this.#planMerge()
  }

  #planMerge(): void {
    if (this.#merge) return
    const due = dueForMerge(this.#segments, this.#tableMax, this.#forgetUpTo)
    if (due.length > 0) this.#merge = new SegmentMerge(due, this.#newFile())
  }

  #stepMerge(merge: SegmentMerge<SeenIdsSegment>, entriesMax: number): void {
    if (!merge.step(entriesMax, this.#forgetUpTo)) return
    this.#replace(merge.sources, merge.finish())
    this.#merge = undefined
    this.#planMerge()
  }

  #replace(gone: readonly SeenIdsSegment[], by: SeenIdsSegment | undefined): void {
    this.#segments = this.#segments.filter((segment) => !gone.includes(segment))
    if (by) this.#segments.push(by)
    for (const segment of gone) segment.remove()
  }

  #newFile(): string {
    return path.join(this.#options.scratchDir, `${this.#filesMade++}.segment`)
  }
}

function surer(one: Verdict, other: Verdict): Verdict {
  return one > other ? one : other
}
