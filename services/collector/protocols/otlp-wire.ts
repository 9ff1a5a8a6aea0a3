/**
 * The protobuf wire format (https://protobuf.dev/programming-guides/encoding/), as much as OTLP has of it: no groups.
 * A reader of our own, because a schema's decoder makes objects of everything; this one only visits what it is asked
 * for, by where it is in the body, so that bodies and attributes that are not ours to know stay bytes. It takes no memory
 * of its own, however many fields there are, and never recurses.
 */
import { isUtf8 } from 'node:buffer'

export const varint = 0
export const fixed64 = 1
export const delimited = 2
const fixed32 = 5
const varintBytesMax = 10

/** Not protobuf, or cut off. */
export class WireError extends Error {
  override readonly name = 'WireError'
}

/** Gets a field's number, its wire type, and where its value begins and ends. */
export type FieldVisitor = (field: number, wire: number, from: number, to: number) => void

/**
 * Visits the fields of the message between `from` and `to`, in their order.
 * @throws WireError
 */
export function visitFields(bytes: Buffer, from: number, to: number, visit: FieldVisitor): void {
  for (let at = from; at < to; ) {
    const afterTag = endOfVarint(bytes, at, to)
    const tag = wireInteger(bytes, at, afterTag)
    const field = Math.floor(tag / 8)
    const wire = tag % 8
    if (field < 1) throw new WireError('a field without a number')
    const start = wire === delimited ? endOfVarint(bytes, afterTag, to) : afterTag
    at = endOfValue(bytes, wire, afterTag, start, to)
    visit(field, wire, start, at)
  }
}

/** @param afterTag where the length stands of what is delimited @param start where the value begins */
function endOfValue(bytes: Buffer, wire: number, afterTag: number, start: number, to: number): number {
  if (wire === varint) return endOfVarint(bytes, start, to)
  const length = lengthOf(bytes, wire, afterTag, start)
  if (length < 0 || start + length > to) throw new WireError('a field longer than its message')
  return start + length
}

function lengthOf(bytes: Buffer, wire: number, afterTag: number, start: number): number {
  switch (wire) {
    case fixed64:
      return 8
    case fixed32:
      return 4
    case delimited:
      return wireInteger(bytes, afterTag, start)
    default:
      throw new WireError('a wire type that OTLP does not use')
  }
}

function endOfVarint(bytes: Buffer, from: number, to: number): number {
  for (let at = from; at < to; at++) {
    if (at - from === varintBytesMax) throw new WireError('an integer of more than 64 bits')
    if ((bytes[at] as number) < 0x80) return at + 1
  }
  throw new WireError('an integer without an end')
}

/** The varint there, as a signed 64-bit integer, rounded to the nearest number beyond 2^53. */
export function wireInteger(bytes: Buffer, from: number, to: number): number {
  // Seven bytes fit into a number exactly.
  if (to - from > 7) return longInteger(bytes, from, to)
  let value = 0
  for (let at = to - 1; at >= from; at--) value = value * 0x80 + ((bytes[at] as number) & 0x7f)
  return value
}

function longInteger(bytes: Buffer, from: number, to: number): number {
  let value = 0n
  for (let at = to - 1; at >= from; at--) value = (value << 7n) | BigInt((bytes[at] as number) & 0x7f)
  return Number(BigInt.asIntN(64, value))
}

/** @throws WireError unless it is UTF-8, as proto3 has it */
export function wireText(bytes: Buffer, from: number, to: number): string {
  if (!isUtf8(bytes.subarray(from, to))) throw new WireError('a string that is not UTF-8')
  return bytes.toString('utf8', from, to)
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
