/**
 * The events of the benchmark as OTLP log records, a request of them as the OpenTelemetry Collector's receiver takes it:
 * what all events have in common is the resource's, the rest are attributes of each.
 *
 * Source: opentelemetry-proto 1.x, `collector/logs/v1/logs_service.proto` and `logs/v1/logs.proto`; field numbers below are theirs.
 */
import type { BenchEvent } from '../bench-events.ts'

interface LogRecord {
  /** ns since the Unix epoch. */
  readonly timeUnixNano: bigint
  readonly eventName: string
  readonly attributes: Readonly<Record<string, string>>
}

function split(events: readonly BenchEvent[]): { resource: Readonly<Record<string, string>>; records: LogRecord[] } {
  const [first] = events
  if (!first) return { resource: {}, records: [] }
  const { device, cluster, version, variant, provider, source } = first
  return {
    resource: { device, cluster, version, variant, provider, source },
    records: events.map(({ id, time, feature }) => ({
      timeUnixNano: BigInt(Date.parse(time)) * 1_000_000n,
      eventName: feature,
      attributes: { id },
    })),
  }
}

/** `ExportLogsServiceRequest` in OTLP's JSON. @param events of one device */
export function otlpJson(events: readonly BenchEvent[]): string {
  const { resource, records } = split(events)
  const attributes = (values: Readonly<Record<string, string>>) =>
    Object.entries(values).map(([key, stringValue]) => ({ key, value: { stringValue } }))
  const logRecords = records.map((record) => ({
    timeUnixNano: String(record.timeUnixNano),
    eventName: record.eventName,
    attributes: attributes(record.attributes),
  }))
  return JSON.stringify({
    resourceLogs: [{ resource: { attributes: attributes(resource) }, scopeLogs: [{ logRecords }] }],
  })
}

/** The same in protobuf. */
export function otlpProtobuf(events: readonly BenchEvent[]): Uint8Array {
  const { resource, records } = split(events)
  const attributes = (field: number, values: Readonly<Record<string, string>>) =>
    Object.entries(values).map(([key, value]) => message(field, [text(1, key), message(2, [text(1, value)])]))
  const logRecords = records.map(({ timeUnixNano, eventName, attributes: own }) =>
    message(2, [fixed64(1, timeUnixNano), ...attributes(6, own), text(12, eventName)]),
  )
  return message(1, [message(1, attributes(1, resource)), message(2, logRecords)])
}

function message(field: number, parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts)
  return Buffer.concat([varint((field << 3) | 2), varint(body.length), body])
}

function text(field: number, value: string): Buffer {
  return message(field, [Buffer.from(value)])
}

function fixed64(field: number, value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(value)
  return Buffer.concat([varint((field << 3) | 1), bytes])
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  let left = value
  for (; left > 0x7f; left >>>= 7) bytes.push((left & 0x7f) | 0x80)
  return Buffer.from([...bytes, left])
}
