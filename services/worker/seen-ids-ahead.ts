/**
 * A look at the next ids of a run, all at once. A lookup waits for memory in the table and in each filter, and events that
 * come one by one through the pipeline wait one after the other. In a short loop the processor waits for many at the same
 * time; the table's lines are in its cache afterwards, and of the filters the answer is kept.
 */
import { Entries } from './seen-ids-entries.ts'
import { FilterBits } from './seen-ids-filter.ts'
import type { SeenIdsSegment } from './seen-ids-segment.ts'
import type { SeenIdsTable } from './seen-ids-table.ts'

/** What is fetched for so many stays in the processor's cache until it is asked for. */
const idsMax = 128
const hashBits = 4
const hashBytes = 2 ** hashBits
/** A bit for each segment; with more, which never are, nothing is looked at ahead. */
const segmentsMax = 31

export class LookAhead {
  /** Of the ids looked at, by number. */
  readonly #hashes = new Entries(idsMax)
  /** By number: a bit for each segment whose filter may have the id. */
  readonly #mayHave = new Int32Array(idsMax)
  readonly #bits = new FilterBits()
  /** The run looked at last. */
  run: Uint8Array | undefined
  #from = 0
  #until = 0
  #segments: readonly SeenIdsSegment[] = []
  /** So that the compiler leaves nothing out. */
  touched = 0

  /**
   * The number of the id that is first in `sighting` and stands at `at` of `run`; -1 when it was not looked at, or the
   * segments are others since.
   */
  numberOf(sighting: Entries, at: number, segments: readonly SeenIdsSegment[]): number {
    if (at < this.#from || at >= this.#until || segments !== this.#segments) return -1
    const number = (at - this.#from) >>> hashBits
    // Whoever calls may have written other ids into the same bytes.
    return this.#hashes.isSameId(number, sighting) ? number : -1
  }

  mayHave(number: number, segment: number): boolean {
    return (this.#mayHave[number]! & (1 << segment)) !== 0
  }

  /** @returns the number of the id at `at`; -1 when there is no more than that one, which is as well asked for by itself */
  look(run: Uint8Array, at: number, tables: readonly SeenIdsTable[], segments: readonly SeenIdsSegment[]): number {
    const count = Math.min(idsMax, Math.floor((run.length - at) / hashBytes))
    if (count < 2 || segments.length > segmentsMax) return -1
    this.run = run
    this.#from = at
    this.#until = at + count * hashBytes
    this.#segments = segments
    for (let number = 0; number < count; number++) this.#hashes.set(number, run, 0, 0, at + number * hashBytes)
    let touched = 0
    for (const table of tables)
      for (let number = 0; number < count; number++) touched ^= table.touch(this.#hashes.key(number))
    this.touched = touched
    if (segments.length > 0) for (let number = 0; number < count; number++) this.#askFilters(number, segments)
    return 0
  }

  #askFilters(number: number, segments: readonly SeenIdsSegment[]): void {
    const bits = this.#bits.of(this.#hashes, number)
    let mayHave = 0
    for (let segment = 0; segment < segments.length; segment++)
      mayHave |= Number(segments[segment]!.mayHave(bits)) << segment
    this.#mayHave[number] = mayHave
  }
}
