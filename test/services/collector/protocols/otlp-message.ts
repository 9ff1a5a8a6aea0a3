/** ExportLogsServiceRequests in both encodings, from one description. */
import { delimited, visitFields, wireField, wireInteger } from '../../../../services/collector/protocols/otlp-wire.ts'

export type Value = string | boolean | number | bigint | Buffer | readonly Value[] | { readonly [name: string]: Value }
export type Attributes = Readonly<Record<string, Value>>

export interface Described {
  readonly eventName?: string
  /** Nanoseconds since the Unix epoch. */
  readonly time?: bigint
  readonly observed?: bigint
  readonly attributes?: Attributes
  readonly body?: Value
}

export function inJson(records: readonly Described[], resource: Attributes = {}): string {
  const logRecords = records.map(({ eventName, time, observed, attributes = {}, body }) => ({
    timeUnixNano: time?.toString(),
    observedTimeUnixNano: observed?.toString(),
    severityNumber: 9,
    eventName,
    body: body === undefined ? undefined : anyJson(body),
    attributes: pairsJson(attributes),
    traceId: '5B8EFFF798038103D269B633813FC60C',
  }))
  const scopeLogs = [{ scope: { name: 'scope' }, logRecords }]
  return JSON.stringify({ resourceLogs: [{ resource: { attributes: pairsJson(resource) }, scopeLogs }] })
}

function pairsJson(attributes: Attributes): object[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: anyJson(value) }))
}

function anyJson(value: Value): object {
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  if (typeof value === 'bigint') return { intValue: value.toString() }
  if (typeof value === 'number') return { doubleValue: value }
  if (Buffer.isBuffer(value)) return { bytesValue: value.toString('base64') }
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyJson) } }
  return { kvlistValue: { values: pairsJson(value as Attributes) } }
}

export function inProtobuf(records: readonly Described[], resource: Attributes = {}): Buffer {
  const logRecords = records.map(({ eventName, time, observed, attributes = {}, body }) =>
    Buffer.concat([
      ...(time === undefined ? [] : [fixed64(1, time)]),
      wireField(2, 9),
      ...(body === undefined ? [] : [wireField(5, anyWire(body))]),
      ...pairsWire(6, attributes),
      wireField(9, Buffer.alloc(16, 7)),
      ...(observed === undefined ? [] : [fixed64(11, observed)]),
      ...(eventName === undefined ? [] : [wireField(12, eventName)]),
    ]),
  )
  const scopeLogs = Buffer.concat([
    wireField(1, wireField(1, 'scope')),
    ...logRecords.map((record) => wireField(2, record)),
  ])
  const resourceLogs = [wireField(1, Buffer.concat(pairsWire(1, resource))), wireField(2, scopeLogs)]
  return wireField(1, Buffer.concat(resourceLogs))
}

function pairsWire(field: number, attributes: Attributes): Buffer[] {
  return Object.entries(attributes).map(([key, value]) =>
    wireField(field, Buffer.concat([wireField(1, key), wireField(2, anyWire(value))])),
  )
}

function anyWire(value: Value): Buffer {
  if (typeof value === 'string') return wireField(1, value)
  if (typeof value === 'boolean') return wireField(2, value ? 1 : 0)
  if (typeof value === 'bigint') return Buffer.concat([Buffer.from([0x18]), varint64(value)])
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(9, 0x21)
    bytes.writeDoubleLE(value, 1)
    return bytes
  }
  if (Buffer.isBuffer(value)) return wireField(7, value)
  if (Array.isArray(value)) return wireField(5, Buffer.concat(value.map((one) => wireField(1, anyWire(one)))))
  return wireField(6, Buffer.concat(pairsWire(1, value as Attributes)))
}

function varint64(value: bigint): Buffer {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, value)
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  return Buffer.from([...bytes, Number(rest)])
}

function fixed64(field: number, value: bigint): Buffer {
  const bytes = Buffer.alloc(9, field * 8 + 1)
  bytes.writeBigUInt64LE(value, 1)
  return bytes
}

/** The last of each field of a message, by number: bytes where it is delimited, else an integer. */
export function fieldsOf(message: Buffer): Map<number, number | Buffer> {
  const fields = new Map<number, number | Buffer>()
  visitFields(message, 0, message.length, (field, wire, from, to) => {
    fields.set(field, wire === delimited ? message.subarray(from, to) : wireInteger(message, from, to))
  })
  return fields
}
