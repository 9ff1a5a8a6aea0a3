/**
 * Sorted sightings become one segment, a few at a time: writing a full table or merging millions at once would hold
 * the event loop. The sources answer until the segment is finished.
 */
import type { Entries } from './seen-ids-entries.ts'
import { type SeenIdsSegment, SegmentWriter } from './seen-ids-segment.ts'

/** Shows sightings one by one, in the order of their hashes. */
export interface SortedReader {
  /** `next` goes to the first sighting, then to the one after; false after the last. */
  next(): boolean
  /** The sighting is number `at` of `entries`. */
  readonly entries: Entries
  readonly at: number
}

export interface MergeSource {
  readonly size: number
  sorted(): SortedReader
}

const mergeTiersAt = 4
const finished = Number.POSITIVE_INFINITY

export class SegmentMerge<Source extends MergeSource> {
  readonly sources: readonly Source[]
  /** Sightings of all sources. */
  readonly size: number
  readonly #readers: SortedReader[]
  /** Next key of each source. */
  readonly #heads: Float64Array
  readonly #writer: SegmentWriter

  constructor(sources: readonly Source[], file: string) {
    this.sources = sources
    this.size = sources.reduce((sum, { size }) => sum + size, 0)
    this.#readers = sources.map((source) => source.sorted())
    this.#heads = Float64Array.from(this.#readers, nextKey)
    this.#writer = new SegmentWriter(file, this.size)
  }

  /**
   * Merges up to `entriesMax` sightings, leaving out those appended at `forgetUpTo` or before.
   * @returns whether everything is merged
   */
  step(entriesMax: number, forgetUpTo: number): boolean {
    const heads = this.#heads
    for (let done = 0; done < entriesMax; done++) {
      let first = 0
      for (let source = 1; source < heads.length; source++) if (heads[source]! < heads[first]!) first = source
      if (heads[first] === finished) return true
      const reader = this.#readers[first]!
      if (reader.entries.appendedAt(reader.at) > forgetUpTo) this.#writer.add(reader.entries, reader.at)
      heads[first] = nextKey(reader)
    }
    return false
  }

  /** To be called once, when everything is merged: the segment in place of the sources, if anything was left. */
  finish(): SeenIdsSegment | undefined {
    return this.#writer.finish()
  }

  abandon(): void {
    this.#writer.abandon()
  }
}

/**
 * The segments that should become one. Sizes fall into tiers, each four times the one below: as soon as a tier has
 * four segments they are due, and with them the next tier if their result would be its fourth. So a sighting is
 * written about once per tier, and 10 million ids spilt by 2^18 lie in at most 8 segments, mostly 3 to 6. Failing
 * that, a segment that is half out of the window: to shrink it.
 */
export function dueForMerge(
  segments: readonly SeenIdsSegment[],
  spillSize: number,
  forgetUpTo: number,
): SeenIdsSegment[] {
  const due: SeenIdsSegment[] = []
  const tiers = segments.map(({ size }) => Math.max(0, Math.round(Math.log2(size / spillSize) / 2)))
  for (let tier = 0; tier <= Math.max(0, ...tiers); tier++) {
    const here = segments.filter((_, index) => tiers[index] === tier)
    if (here.length + Math.sign(due.length) >= mergeTiersAt) due.push(...here)
    else if (due.length > 0) break
  }
  if (due.length > 0) return due
  const halfOut = segments.find(({ oldest, newest }) => forgetUpTo - oldest > (newest - oldest) / 2)
  return halfOut ? [halfOut] : []
}

function nextKey(reader: SortedReader): number {
  return reader.next() ? reader.entries.key(reader.at) : finished
}
