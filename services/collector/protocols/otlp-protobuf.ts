/**
 * ExportLogsServiceRequest in protobuf (opentelemetry-proto 1.7.0: collector/logs/v1, logs/v1, resource/v1, common/v1):
 * the few fields that are read, by their numbers; all others, known or not, are passed over.
 */

import type { Members } from './members.ts'
import type { SentLogRecord } from './otlp-record.ts'
import { delimited, fixed64, varint, visitFields, wireText } from './otlp-wire.ts'

const request = { resourceLogs: 1 }
const resourceLogs = { resource: 1, scopeLogs: 2 }
const resourceFields = { attributes: 1 }
const scopeLogs = { logRecords: 2 }
const logRecord = { timeUnixNano: 1, attributes: 6, observedTimeUnixNano: 11, eventName: 12 }
const keyValue = { key: 1, value: 2 }
const anyValue = { stringValue: 1, boolValue: 2, intValue: 3, doubleValue: 4 }

/**
 * The records in their order. @param names the attributes that are read
 * @throws WireError when the bytes are no such message
 */
export function recordsInProtobuf(body: Buffer, names: ReadonlySet<string>): SentLogRecord[] {
  const records: SentLogRecord[] = []
  for (const logs of messagesIn(body, request.resourceLogs)) {
    const resource = attributesIn(messagesIn(logs, resourceLogs.resource).at(-1), resourceFields.attributes, names)
    for (const scope of messagesIn(logs, resourceLogs.scopeLogs))
      for (const record of messagesIn(scope, scopeLogs.logRecords)) records.push(readRecord(record, resource, names))
  }
  return records
}

function messagesIn(message: Buffer, wanted: number): Buffer[] {
  const found: Buffer[] = []
  visitFields(message, (field, wire, value) => {
    if (field === wanted && wire === delimited) found.push(value as Buffer)
  })
  return found
}

function readRecord(message: Buffer, resource: Members, names: ReadonlySet<string>): SentLogRecord {
  let [time, observed] = [Number.NaN, Number.NaN]
  let eventName: string | undefined
  visitFields(message, (field, wire, value) => {
    if (field === logRecord.timeUnixNano && wire === fixed64) time = millisecondsOf(value as Buffer)
    if (field === logRecord.observedTimeUnixNano && wire === fixed64) observed = millisecondsOf(value as Buffer)
    if (field === logRecord.eventName && wire === delimited) eventName = wireText(value as Buffer)
  })
  return {
    time: Number.isNaN(time) ? observed : time,
    // Proto3 cannot tell an empty text from none.
    eventName: eventName === '' ? undefined : eventName,
    attributes: attributesIn(message, logRecord.attributes, names),
    resource,
  }
}

/** 0 stands for a time that is not known. */
function millisecondsOf(bytes: Buffer): number {
  const nanoseconds = bytes.readBigUInt64LE()
  return nanoseconds === 0n ? Number.NaN : Number(nanoseconds / 1_000_000n)
}

function attributesIn(message: Buffer | undefined, wanted: number, names: ReadonlySet<string>): Members {
  // Without a prototype: a key may be called __proto__.
  const attributes: Members = Object.create(null)
  if (message === undefined) return attributes
  for (const pair of messagesIn(message, wanted)) {
    const key = messagesIn(pair, keyValue.key).at(-1)
    const name = key === undefined ? '' : wireText(key)
    if (!names.has(name)) continue
    const value = messagesIn(pair, keyValue.value).at(-1)
    if (value !== undefined) attributes[name] = scalarIn(value)
  }
  return attributes
}

/** Undefined for lists, maps and bytes. */
function scalarIn(message: Buffer): string | number | boolean | undefined {
  let scalar: string | number | boolean | undefined
  visitFields(message, (field, wire, value) => {
    if (field === anyValue.stringValue && wire === delimited) scalar = wireText(value as Buffer)
    else if (field === anyValue.boolValue && wire === varint) scalar = value !== 0
    else if (field === anyValue.intValue && wire === varint) scalar = value as number
    else if (field === anyValue.doubleValue && wire === fixed64) scalar = (value as Buffer).readDoubleLE()
  })
  return scalar
}
