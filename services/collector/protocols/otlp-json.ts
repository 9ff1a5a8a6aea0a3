/**
 * ExportLogsServiceRequest in JSON: proto3's mapping as OTLP changes it. Names are lowerCamelCase only, unknown ones are
 * ignored, 64-bit integers are numbers or decimal strings, `null` is absent.
 */
import { parseBody, requireAtMost, wrongForm } from './foreign-body.ts'
import { isMembers, type Members, member } from './members.ts'
import { noAttributes, type ReadLimits, type SentLogRecord } from './otlp-record.ts'

const form = 'an ExportLogsServiceRequest in JSON: {"resourceLogs":[{"scopeLogs":[{"logRecords":[…]}]}]}'
const nothing: Members[] = []
const decimal = /^[0-9]{1,20}$/
const integer = /^-?[0-9]{1,20}$/

/**
 * The records in their order.
 * @throws ProblemError 400 when a field that is read has another type than the message's, 413 when they are too many
 */
export function recordsInJson(body: Buffer, { names, recordsMax }: ReadLimits): SentLogRecord[] {
  const document = parseBody(body)
  if (!isMembers(document)) throw wrongForm(form)
  const records: SentLogRecord[] = []
  for (const logs of messagesIn(document, 'resourceLogs')) {
    const of = present(logs, 'resource') ?? {}
    if (!isMembers(of)) throw wrongForm(form)
    const resource = attributesIn(of, names)
    for (const scope of messagesIn(logs, 'scopeLogs'))
      for (const record of messagesIn(scope, 'logRecords')) {
        records.push(readRecord(record, resource, names))
        requireAtMost(recordsMax, records)
      }
  }
  return records
}

function present(of: Members, name: string): unknown {
  return member(of, name) ?? undefined
}

function messagesIn(of: Members, name: string): Members[] {
  const list = present(of, name)
  if (list === undefined) return nothing
  if (!Array.isArray(list) || !list.every(isMembers)) throw wrongForm(form)
  return list
}

function readRecord(record: Members, resource: Members, names: ReadonlySet<string>): SentLogRecord {
  const time = millisecondsOf(present(record, 'timeUnixNano'))
  const eventName = present(record, 'eventName')
  if (eventName !== undefined && typeof eventName !== 'string') throw wrongForm(form)
  return {
    time: Number.isNaN(time) ? millisecondsOf(present(record, 'observedTimeUnixNano')) : time,
    eventName: eventName === '' ? undefined : eventName,
    attributes: attributesIn(record, names),
    resource,
  }
}

/** NaN: absent or 0, which stand for a time that is not known. */
function millisecondsOf(nanoseconds: unknown): number {
  if (nanoseconds === undefined || nanoseconds === 0) return Number.NaN
  if (typeof nanoseconds === 'number' && nanoseconds > 0) return Math.floor(nanoseconds / 1e6)
  if (typeof nanoseconds !== 'string' || !decimal.test(nanoseconds)) throw wrongForm(form)
  const exact = BigInt(nanoseconds)
  return exact === 0n ? Number.NaN : Number(exact / 1_000_000n)
}

function attributesIn(of: Members, names: ReadonlySet<string>): Members {
  let attributes: Members | undefined
  for (const pair of messagesIn(of, 'attributes')) {
    const key = member(pair, 'key')
    if (typeof key !== 'string' || !names.has(key)) continue
    attributes ??= Object.create(null) as Members
    attributes[key] = scalarIn(present(pair, 'value'))
  }
  return attributes ?? noAttributes
}

/** Undefined for lists, maps, bytes, and nothing at all. */
function scalarIn(value: unknown): unknown {
  if (value === undefined) return undefined
  if (!isMembers(value)) throw wrongForm(form)
  const { stringValue: text, boolValue: flag, doubleValue: double } = value
  if (typeof text === 'string') return text
  if (typeof flag === 'boolean') return flag
  // Also the texts NaN and Infinity, which no field takes.
  if (typeof double === 'number') return double
  const int = present(value, 'intValue')
  return typeof int === 'string' && integer.test(int) ? Number(int) : typeof int === 'number' ? int : undefined
}
