/**
 * Changes to an OTLP request in protobuf that know its messages: it is taken apart, fields are dropped, repeated, put
 * elsewhere, given other numbers, types, values and lengths, and what comes of it is put together again.
 */
import { delimited, fixed64, varint, visitFields } from '../../services/collector/protocols/otlp-wire.ts'
import type { Draw } from './draw.ts'

/** A field: `bytes` are its value without length, `fields` are those of a message. */
interface Field {
  number: number
  wire: number
  bytes: Buffer
  fields: Field[] | undefined
  /** By how much the length that is written differs from the true one. */
  lie: number
}

/** Which fields of a message are messages themselves, by name (opentelemetry-proto 1.7.0). */
const messages: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  request: { 1: 'resourceLogs' },
  resourceLogs: { 1: 'resource', 2: 'scopeLogs' },
  resource: { 1: 'keyValue' },
  scopeLogs: { 1: 'scope', 2: 'logRecord' },
  scope: { 3: 'keyValue' },
  logRecord: { 5: 'anyValue', 6: 'keyValue' },
  keyValue: { 2: 'anyValue' },
  anyValue: { 5: 'arrayValue', 6: 'keyValueList' },
  arrayValue: { 1: 'anyValue' },
  keyValueList: { 1: 'keyValue' },
}

const nestingMax = 3000
/** More than a request may have events. */
const timesMax = 6000
const repeatedBytesMax = 400_000
const numbers = [0, 1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 15, 16, 2047, 19_000, 2 ** 29 - 1, 2 ** 29]
const lies = [1, -1, 127, 2 ** 31, 2 ** 32, 2 ** 53, -(2 ** 31)]
const texts = ['', 'services', 'device', 'version', 'agents', 'cluster', '__proto__', 'age', 'log.record.uid']
const odd = ['\u0000', '\ud83d\ude00', '\u202e', 'x'.repeat(255), 'x'.repeat(257), 'y'.repeat(9000), '2.1', '-1']
const values: readonly Buffer[] = [
  ...[...texts, ...odd].map((text) => Buffer.from(text)),
  // No UTF-8; integers at the edges of 64 bits and beyond, and with bytes that say nothing.
  ...[[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0], [1], [0x80, 0x00], Array(9).fill(0xff).concat(1)].map(bytesOf),
  ...[Array(10).fill(0xff), Array(11).fill(0x80).concat(0), [0x80], Array(8).fill(0xff), Array(8).fill(0)].map(bytesOf),
  // Not a number, infinite, the year 2554, before 1970.
  ...[[0, 0, 0, 0, 0, 0, 0xf8, 0x7f], [0, 0, 0, 0, 0, 0, 0xf0, 0x7f], Array(7).fill(0xff).concat(0x7f)].map(bytesOf),
]

function bytesOf(list: readonly number[]): Buffer {
  return Buffer.from(list)
}

/** @param message a valid request @returns it with one to three changes */
export function mutateWire(message: Buffer, draw: Draw): Buffer {
  const root: Field = { number: 0, wire: delimited, bytes: message, fields: parse(message, 'request'), lie: 0 }
  for (let change = draw.number(3); change >= 0; change--) changeOne(root, draw)
  return contentOf(root)
}

function parse(message: Buffer, name: string): Field[] {
  const fields: Field[] = []
  visitFields(message, 0, message.length, (number, wire, from, to) => {
    const bytes = message.subarray(from, to)
    const inner = wire === delimited ? messages[name]?.[number] : undefined
    fields.push({ number, wire, bytes, fields: inner === undefined ? undefined : parse(bytes, inner), lie: 0 })
  })
  return fields
}

function changeOne(root: Field, draw: Draw): void {
  const siblings = siblingsIn(root, draw)
  const at = draw.number(siblings.length)
  const field = siblings[at]
  if (!field) return
  switch (draw.number(12)) {
    case 0:
      siblings.splice(at, 1)
      return
    case 1:
      siblings.splice(at, 0, ...repeated(field, draw.isOneIn(15) ? draw.number(timesMax) : 1 + draw.number(3)))
      return
    case 2:
      siblings[at] = { ...field, number: draw.of(numbers) }
      return
    case 3:
      // Its bytes stay: another type for what they are, or the wrong bytes for that type.
      siblings[at] = { ...field, wire: draw.number(8) }
      return
    case 4:
      siblings[at] = { ...field, lie: draw.of(lies) }
      return
    case 5:
      siblings[at] = copyOf(draw.of(siblingsIn(root, draw)) ?? field)
      return
    case 6:
      siblings[at] = nested(draw)
      return
    case 7:
      siblings.push(withValue({ ...field, number: draw.of(numbers) }, draw))
      return
    default:
      siblings[at] = withValue(field, draw)
  }
}

/** Not so often that the request gets larger than a collector reads. */
function repeated(field: Field, times: number): Field[] {
  return Array(Math.min(times, Math.floor(repeatedBytesMax / (1 + contentOf(field).length)))).fill(field)
}

/** So that nothing that is put into itself goes on without an end. */
function copyOf(field: Field): Field {
  return { ...field, fields: field.fields?.map(copyOf) }
}

/** The fields of one message somewhere in it, deep ones as likely as shallow ones. */
function siblingsIn(root: Field, draw: Draw): Field[] {
  let fields = root.fields ?? []
  for (;;) {
    const inner = fields.filter((field) => field.fields !== undefined && field.fields.length > 0)
    if (inner.length === 0 || draw.isOneIn(4)) return fields
    // As copies: a field that was repeated is the same object in several places.
    const chosen = draw.of(inner)
    const copy = { ...chosen, fields: [...(chosen.fields ?? [])] }
    fields[fields.indexOf(chosen)] = copy
    fields = copy.fields
  }
}

function withValue(field: Field, draw: Draw): Field {
  const bytes = draw.of(values)
  if (field.fields !== undefined && !draw.isOneIn(4)) return { ...field, fields: [] }
  if (field.wire === varint && !draw.isOneIn(8)) return { ...field, bytes: integerBytes(bytes) }
  if (field.wire === fixed64 && !draw.isOneIn(8))
    return { ...field, bytes: Buffer.concat([bytes.subarray(0, 8), Buffer.alloc(8)]).subarray(0, 8) }
  return { ...field, bytes, fields: undefined }
}

/** So that it ends, as most should: else nothing after it is read. */
function integerBytes(bytes: Buffer): Buffer {
  return Buffer.from([...bytes.subarray(0, 9).map((byte) => byte | 0x80), 1])
}

/** A value in a list in a value, now and then thousands deep; or a map in it, or nonsense in nonsense. */
function nested(draw: Draw): Field {
  const [list, of] = draw.of([[5, 1] as const, [6, 1] as const, [6, 2] as const, [1, 1] as const])
  let bytes: Buffer = Buffer.from([0x0a, 1, 0x78])
  const heads: Buffer[] = []
  let length = bytes.length
  for (let level = draw.number(draw.isOneIn(10) ? nestingMax : 20); level > 0; level--) {
    const head = Buffer.concat([varintOf((level % 2 === 0 ? list : of) * 8 + delimited), varintOf(length)])
    heads.push(head)
    length += head.length
  }
  bytes = Buffer.concat([...heads.reverse(), bytes])
  return { number: draw.of([1, 2, 5, 6]), wire: delimited, bytes, fields: undefined, lie: 0 }
}

function contentOf({ bytes, fields }: Field): Buffer {
  return fields === undefined ? bytes : Buffer.concat(fields.map(written))
}

function written(field: Field): Buffer {
  const content = contentOf(field)
  const tag = varintOf(field.number * 8 + field.wire)
  if (field.wire !== delimited) return Buffer.concat([tag, content])
  return Buffer.concat([tag, varintOf(content.length + field.lie), content])
}

/** Of a negative number as protobuf writes one: ten bytes. */
function varintOf(value: number): Buffer {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, BigInt(value))
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  return Buffer.from([...bytes, Number(rest)])
}
