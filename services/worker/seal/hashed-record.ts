/**
 * What the sealing job writes to disk between its two passes: a record without its sender. Unit and events are keyed
 * hashes under the seal's own key, which is destroyed with the day; values are those that a release may have.
 */
export const hashBytes = 16
/** Of an event's shape, before its fingerprint. */
export const kindBytes = 4
export const eventBytes = kindBytes + hashBytes

export interface HashedRecord {
  /** Keyed hash of the unit; 16 characters, one per byte. */
  readonly unit: string
  /** The earlier of receivedAt and appendedAt: a choice made then or later leaves the record out. */
  readonly from: number
  /** By shape, what its events are in the release (released-values.ts): texts without a NUL. */
  readonly shapes: readonly string[]
  /** Shape of each event. */
  readonly kinds: readonly number[]
  /** Keyed fingerprints of the events, 16 bytes each; what lies behind the last one does not count. */
  readonly ids: Uint8Array
}

const fromAt = 4 + hashBytes
const lengthsAt = fromAt + 8
const headBytes = lengthsAt + 4 + 4

/** Length (4 bytes), unit, time (a double), lengths of what follows, shapes, then shape (4 bytes) and fingerprint of each event. */
export function encodeHashed({ unit, from, shapes, kinds, ids }: HashedRecord): Buffer {
  const text = Buffer.from(shapes.join('\0'))
  const bytes = Buffer.allocUnsafe(headBytes + text.length + kinds.length * eventBytes)
  bytes.writeUInt32LE(bytes.length, 0)
  bytes.write(unit, 4, 'latin1')
  bytes.writeDoubleLE(from, fromAt)
  bytes.writeUInt32LE(text.length, lengthsAt)
  bytes.writeUInt32LE(kinds.length, lengthsAt + 4)
  text.copy(bytes, headBytes)
  let at = headBytes + text.length
  for (let index = 0; index < kinds.length; index++) {
    bytes.writeUInt32LE(kinds[index] as number, at)
    bytes.set(ids.subarray(index * hashBytes, (index + 1) * hashBytes), at + kindBytes)
    at += eventBytes
  }
  return bytes
}

/** The record at `at`, and where the next one begins; undefined when it is not there whole. */
export function decodeHashed(
  bytes: Buffer,
  at: number,
): { unit: string; from: number; shapes: string[]; events: Buffer; next: number } | undefined {
  if (at + 4 > bytes.length) return undefined
  const next = at + bytes.readUInt32LE(at)
  if (next > bytes.length) return undefined
  const textBytes = bytes.readUInt32LE(at + lengthsAt)
  const start = at + headBytes
  return {
    unit: bytes.toString('latin1', at + 4, at + 4 + hashBytes),
    from: bytes.readDoubleLE(at + fromAt),
    shapes: bytes.toString('utf8', start, start + textBytes).split('\0'),
    events: bytes.subarray(start + textBytes, next),
    next,
  }
}

/** The unit of a record that has been encoded. */
export function unitOf(bytes: Buffer): string {
  return bytes.toString('latin1', 4, 4 + hashBytes)
}
