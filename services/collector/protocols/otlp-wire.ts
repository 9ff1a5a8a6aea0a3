/**
 * The protobuf wire format (https://protobuf.dev/programming-guides/encoding/), as much as OTLP has of it: no groups.
 * A reader of our own, because a schema's decoder makes objects of everything; this one only visits what it is asked
 * for, so that bodies and attributes that are not ours to know stay bytes, and it never recurses.
 */
import { isUtf8 } from 'node:buffer'

export const varint = 0
export const fixed64 = 1
export const delimited = 2
const fixed32 = 5
const fixedBytes = new Map([
  [fixed64, 8],
  [fixed32, 4],
])
const varintBytesMax = 10

/** Not protobuf, or cut off. */
export class WireError extends Error {
  override readonly name = 'WireError'
}

/**
 * Visits the fields of a message in their order.
 * @param visit gets the field's number, its wire type, and its value: an integer for `varint`, bytes for all others
 * @throws WireError
 */
export function visitFields(
  message: Buffer,
  visit: (field: number, wire: number, value: number | Buffer) => void,
): void {
  for (let at = 0; at < message.length; ) {
    const tag = readVarint(message, at)
    const [field, wire] = [Math.floor(tag.value / 8), tag.value % 8]
    if (field < 1) throw new WireError('a field without a number')
    if (wire === varint) {
      const { value, end } = readVarint(message, tag.end)
      visit(field, wire, value)
      at = end
      continue
    }
    const { start, end } = rangeOf(message, wire, tag.end)
    visit(field, wire, message.subarray(start, end))
    at = end
  }
}

function rangeOf(message: Buffer, wire: number, at: number): { start: number; end: number } {
  const fixed = fixedBytes.get(wire)
  if (fixed === undefined && wire !== delimited) throw new WireError('a wire type that OTLP does not use')
  const length = fixed === undefined ? readVarint(message, at) : { value: fixed, end: at }
  const end = length.end + length.value
  if (length.value < 0 || end > message.length) throw new WireError('a field longer than its message')
  return { start: length.end, end }
}

/** As a signed 64-bit integer, rounded to the nearest number beyond 2^53. */
function readVarint(message: Buffer, at: number): { value: number; end: number } {
  let value = 0
  for (let length = 0; length < varintBytesMax; length++) {
    const byte = message[at + length]
    if (byte === undefined) throw new WireError('an integer without an end')
    // Seven bytes fit into a number exactly.
    if (length === 7) return readLongVarint(message, at)
    value += (byte & 0x7f) * 2 ** (7 * length)
    if (byte < 0x80) return { value, end: at + length + 1 }
  }
  throw new WireError('an integer of more than 64 bits')
}

function readLongVarint(message: Buffer, at: number): { value: number; end: number } {
  let value = 0n
  for (let length = 0; length < varintBytesMax; length++) {
    const byte = message[at + length]
    if (byte === undefined) throw new WireError('an integer without an end')
    value |= BigInt(byte & 0x7f) << BigInt(7 * length)
    if (byte < 0x80) return { value: Number(BigInt.asIntN(64, value)), end: at + length + 1 }
  }
  throw new WireError('an integer of more than 64 bits')
}

/** @throws WireError unless it is UTF-8, as proto3 has it */
export function wireText(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw new WireError('a string that is not UTF-8')
  return bytes.toString('utf8')
}

/** A field as bytes. @param value text or a message for `delimited`, an integer that is not negative for `varint` */
export function wireField(field: number, value: string | Buffer | number): Buffer {
  if (typeof value === 'number') return Buffer.concat([varintOf(field * 8 + varint), varintOf(value)])
  const bytes = Buffer.from(value)
  return Buffer.concat([varintOf(field * 8 + delimited), varintOf(bytes.length), bytes])
}

function varintOf(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80)
  return Buffer.from([...bytes, rest])
}
