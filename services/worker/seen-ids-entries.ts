/**
 * How sightings lie in memory and in scratch files: 32 bytes each, so that one never straddles two cache lines.
 *
 * Words 0–3 are the hash, double 2 is the place, double 3 is appendedAt. Byte order is the machine's: the files never
 * leave it.
 */
export const entryBytes = 32
const wordsEach = 8
const doublesEach = 4

/** What remembered sightings say about a new one; the larger number prevails. */
export const unseen = 0
/** The very same sighting: the batch is being run again. */
export const sameSighting = 1
export const duplicate = 2
export type Verdict = typeof unseen | typeof sameSighting | typeof duplicate

/** A run of sightings. */
export class Entries {
  readonly bytes: Uint8Array
  /** Signed, for V8 passes signed 32-bit numbers without boxing them. */
  readonly #words: Int32Array
  readonly #doubles: Float64Array

  constructor(readonly capacity: number) {
    const memory = new ArrayBuffer(capacity * entryBytes)
    this.bytes = new Uint8Array(memory)
    this.#words = new Int32Array(memory)
    this.#doubles = new Float64Array(memory)
  }

  /** What everything is sorted by: the first word of the hash. */
  key(at: number): number {
    return this.#words[at * wordsEach]! >>> 0
  }

  /** One of the four words of the hash. */
  word(at: number, which: 0 | 1 | 2 | 3): number {
    return this.#words[at * wordsEach + which]!
  }

  appendedAt(at: number): number {
    return this.#doubles[at * doublesEach + 3]!
  }

  /** @param hashAt where in `hash` its 16 bytes begin */
  set(at: number, hash: Uint8Array, place: number, appendedAt: number, hashAt = 0): void {
    const first = at * wordsEach
    for (let word = 0; word < 4; word++) {
      const byte = hashAt + word * 4
      this.#words[first + word] =
        hash[byte]! | (hash[byte + 1]! << 8) | (hash[byte + 2]! << 16) | (hash[byte + 3]! << 24)
    }
    this.#doubles[at * doublesEach + 2] = place
    this.#doubles[at * doublesEach + 3] = appendedAt
  }

  /** Copies one sighting; word by word, which is several times faster than `TypedArray.set` for so few bytes. */
  copy(at: number, from: Entries, fromAt: number): void {
    const to = at * wordsEach
    const source = fromAt * wordsEach
    for (let word = 0; word < wordsEach; word++) this.#words[to + word] = from.#words[source + word]!
  }

  /** Whether the sighting at `at` is of the id that is first in `sighting`. */
  isSameId(at: number, sighting: Entries): boolean {
    const first = at * wordsEach
    for (let word = 0; word < 4; word++) if (this.#words[first + word] !== sighting.#words[word]) return false
    return true
  }

  /** What the sighting at `at` says about the one that is first in `sighting`. */
  verdict(at: number, sighting: Entries, windowMs: number): Verdict {
    if (!this.isSameId(at, sighting)) return unseen
    const place = this.#doubles[at * doublesEach + 2]!
    const newPlace = sighting.#doubles[2]!
    if (place === newPlace) return sameSighting
    return place < newPlace && sighting.#doubles[3]! - this.#doubles[at * doublesEach + 3]! < windowMs
      ? duplicate
      : unseen
  }
}
