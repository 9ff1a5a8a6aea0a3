/**
 * ExportLogsServiceRequest in protobuf (opentelemetry-proto 1.7.0: collector/logs/v1, logs/v1, resource/v1, common/v1):
 * the few fields that are read, by their numbers; all others, known or not, are passed over.
 */
import { requireAtMost } from './foreign-body.ts'
import type { Members } from './members.ts'
import { noAttributes, type ReadLimits, type SentLogRecord } from './otlp-record.ts'
import { delimited, fixed64, varint, visitFields, wireInteger, wireText } from './otlp-wire.ts'

const request = { resourceLogs: 1 }
const resourceLogs = { resource: 1, scopeLogs: 2 }
const resourceFields = { attributes: 1 }
const scopeLogs = { logRecords: 2 }
const logRecord = { timeUnixNano: 1, attributes: 6, observedTimeUnixNano: 11, eventName: 12 }
const keyValue = { key: 1, value: 2 }
const anyValue = { stringValue: 1, boolValue: 2, intValue: 3, doubleValue: 4 }

/**
 * The records in their order.
 * @throws WireError when the bytes are no such message; ProblemError 413 when the records are too many
 */
export function recordsInProtobuf(body: Buffer, { names, recordsMax }: ReadLimits): SentLogRecord[] {
  const records: SentLogRecord[] = []
  visitMessages(body, 0, body.length, request.resourceLogs, (from, to) => {
    // The resource first, wherever it stands.
    let resource: Members = noAttributes
    visitMessages(body, from, to, resourceLogs.resource, (start, end) => {
      resource = attributesIn(body, start, end, resourceFields.attributes, names)
    })
    visitMessages(body, from, to, resourceLogs.scopeLogs, (start, end) => {
      visitMessages(body, start, end, scopeLogs.logRecords, (first, last) => {
        records.push(readRecord(body, first, last, resource, names))
        requireAtMost(recordsMax, records)
      })
    })
  })
  return records
}

type Range = (from: number, to: number) => void

function visitMessages(body: Buffer, from: number, to: number, wanted: number, visit: Range): void {
  visitFields(body, from, to, (field, wire, start, end) => {
    if (field === wanted && wire === delimited) visit(start, end)
  })
}

function readRecord(
  body: Buffer,
  from: number,
  to: number,
  resource: Members,
  names: ReadonlySet<string>,
): SentLogRecord {
  let [time, observed] = [Number.NaN, Number.NaN]
  let eventName: string | undefined
  visitFields(body, from, to, (field, wire, start, end) => {
    if (field === logRecord.timeUnixNano && wire === fixed64) time = millisecondsAt(body, start)
    if (field === logRecord.observedTimeUnixNano && wire === fixed64) observed = millisecondsAt(body, start)
    if (field === logRecord.eventName && wire === delimited) eventName = wireText(body, start, end)
  })
  return {
    time: Number.isNaN(time) ? observed : time,
    // Proto3 cannot tell an empty text from none.
    eventName: eventName === '' ? undefined : eventName,
    attributes: attributesIn(body, from, to, logRecord.attributes, names),
    resource,
  }
}

/** 0 stands for a time that is not known. */
function millisecondsAt(body: Buffer, from: number): number {
  const nanoseconds = body.readBigUInt64LE(from)
  return nanoseconds === 0n ? Number.NaN : Number(nanoseconds / 1_000_000n)
}

function attributesIn(body: Buffer, from: number, to: number, wanted: number, names: ReadonlySet<string>): Members {
  let attributes: Members | undefined
  visitMessages(body, from, to, wanted, (start, end) => {
    let name = ''
    let [valueFrom, valueTo] = [0, 0]
    visitFields(body, start, end, (field, wire, first, last) => {
      if (wire !== delimited) return
      if (field === keyValue.key) name = wireText(body, first, last)
      else if (field === keyValue.value) [valueFrom, valueTo] = [first, last]
    })
    if (!names.has(name)) return
    // Without a prototype: a name may be __proto__.
    attributes ??= Object.create(null) as Members
    attributes[name] = scalarIn(body, valueFrom, valueTo)
  })
  return attributes ?? noAttributes
}

/** Undefined for lists, maps and bytes. */
function scalarIn(body: Buffer, from: number, to: number): string | number | boolean | undefined {
  let scalar: string | number | boolean | undefined
  visitFields(body, from, to, (field, wire, start, end) => {
    if (field === anyValue.stringValue && wire === delimited) scalar = wireText(body, start, end)
    else if (field === anyValue.boolValue && wire === varint) scalar = wireInteger(body, start, end) !== 0
    else if (field === anyValue.intValue && wire === varint) scalar = wireInteger(body, start, end)
    else if (field === anyValue.doubleValue && wire === fixed64) scalar = body.readDoubleLE(start)
  })
  return scalar
}
