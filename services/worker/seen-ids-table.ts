/**
 * The newest sightings, in memory: in the order they came, and found through slots with linear probing. A byte of
 * the hash per slot tells nearly every unknown id: the bytes stay in the processor's cache, the entries do not. The home slot is the hash's leading bits: runs of taken slots follow each other in the order of the hashes,
 * and to show all entries sorted only each run, a few slots long, has to be sorted.
 */
import { duplicate, Entries, sameSighting, unseen, type Verdict } from './seen-ids-entries.ts'
import type { SortedReader } from './seen-ids-merge.ts'

/** Slots after the last home: a run there needs no wrapping round. When they are taken the table counts as full. */
const spareSlots = 64
/** As many entries as stay in the processor's cache until they are shown. */
const slotsAhead = 512

export class SeenIdsTable {
  readonly #entries: Entries
  /** By slot: 0 when it is free, else a byte of the hash, never 0. */
  readonly #tags: Uint8Array
  /** By slot: the number of its entry. */
  readonly #numbers: Uint32Array
  readonly #homeShift: number
  #size = 0

  constructor(idsMax: number) {
    // At most half full: an unknown id is known to be unknown after 1.5 slots in the mean.
    const homeBits = Math.ceil(Math.log2(idsMax)) + 1
    this.#homeShift = 32 - homeBits
    this.#entries = new Entries(idsMax)
    // One more, always free: where every run ends.
    this.#tags = new Uint8Array(2 ** homeBits + spareSlots + 1)
    this.#numbers = new Uint32Array(this.#tags.length)
  }

  get size(): number {
    return this.#size
  }

  /** What all remembered sightings together say about the one first in `sighting`. */
  verdict(sighting: Entries, windowMs: number): Verdict {
    const tags = this.#tags
    const tag = tagOf(sighting)
    let found: Verdict = unseen
    for (let slot = sighting.key(0) >>> this.#homeShift; tags[slot] !== 0; slot++) {
      if (tags[slot] !== tag) continue
      const one = this.#entries.verdict(this.#numbers[slot]!, sighting, windowMs)
      if (one === duplicate) return duplicate
      if (one === sameSighting) found = sameSighting
    }
    return found
  }

  /** Has the processor fetch what a verdict and an addition need first. What it returns means nothing. */
  touch(key: number): number {
    const home = key >>> this.#homeShift
    return this.#tags[home]! ^ this.#numbers[home]!
  }

  /** Remembers the sighting; false when the table is full. An empty table always has room. */
  add(sighting: Entries): boolean {
    if (this.#size === this.#entries.capacity) return false
    let slot = sighting.key(0) >>> this.#homeShift
    while (this.#tags[slot] !== 0) slot++
    if (slot === this.#tags.length - 1) return false
    this.#entries.copy(this.#size, sighting, 0)
    this.#tags[slot] = tagOf(sighting)
    this.#numbers[slot] = this.#size++
    return true
  }

  /** Shows the sightings in the order of their hashes. The table must stay as it is meanwhile. */
  sorted(): SortedReader {
    return new TableReader(this.#entries, this.#tags, this.#numbers)
  }

  clear(): void {
    this.#tags.fill(0)
    this.#size = 0
  }
}

class TableReader implements SortedReader {
  readonly entries: Entries
  at = 0
  readonly #tags: Uint8Array
  readonly #numbers: Uint32Array
  #nextSlot = 0
  /** Entry numbers of the run that is being shown. */
  readonly #run: number[] = []
  #runSize = 0
  #nextInRun = 0
  #touchedBefore = 0
  /** So that the compiler leaves nothing out. */
  touched = 0

  constructor(entries: Entries, tags: Uint8Array, numbers: Uint32Array) {
    this.entries = entries
    this.#tags = tags
    this.#numbers = numbers
  }

  next(): boolean {
    if (this.#nextInRun === this.#runSize && !this.#readRun()) return false
    this.at = this.#run[this.#nextInRun++]!
    return true
  }

  /** Entries lie in the order they came: each of the next ones is fetched while the others are. */
  #touchAhead(): void {
    const before = Math.min(this.#touchedBefore + slotsAhead, this.#tags.length)
    let touched = 0
    for (let slot = this.#touchedBefore; slot < before; slot++)
      if (this.#tags[slot] !== 0) touched ^= this.entries.key(this.#numbers[slot]!)
    this.touched = touched
    this.#touchedBefore = before
  }

  #readRun(): boolean {
    const tags = this.#tags
    const run = this.#run
    let size = 0
    if (this.#nextSlot >= this.#touchedBefore) this.#touchAhead()
    while (this.#nextSlot < tags.length && tags[this.#nextSlot] === 0) this.#nextSlot++
    for (; this.#nextSlot < tags.length && tags[this.#nextSlot] !== 0; this.#nextSlot++) {
      const number = this.#numbers[this.#nextSlot]!
      const key = this.entries.key(number)
      let to = size++
      for (; to > 0 && this.entries.key(run[to - 1]!) > key; to--) run[to] = run[to - 1]!
      run[to] = number
    }
    this.#runSize = size
    this.#nextInRun = 0
    return size > 0
  }
}

function tagOf(sighting: Entries): number {
  return (sighting.word(0, 3) & 127) | 128
}
