/**
 * decode: a log record becomes a sender and its events. What cannot be read is quarantined by shape: field names that
 * the catalogue declares, types and lengths, and no value.
 */
import { type Catalogue, findFeature } from '../../shared/catalogue.ts'
import { Drop } from '../../shared/drop-reason.ts'
import { decodeRecord, type SentEvent } from '../../shared/event.ts'
import type { LogRecord } from '../../shared/eventlog/port.ts'
import type { EventShape, Observation, Sender } from './observation.ts'

export interface OpenedRecord {
  readonly sender: Sender
  /** Undefined where a shape is not what it should be. */
  readonly shapes: readonly (EventShape | undefined)[]
  readonly ids: readonly unknown[]
  readonly times: readonly unknown[]
  readonly kinds: readonly unknown[]
  readonly observation: Observation
}

const noShape: EventShape = { feature: '', fields: {}, naturalKey: undefined }

/** Opens a record; `undecodable` when its bytes are not one of ours. */
export function decode(record: LogRecord, catalogue: Catalogue): OpenedRecord | Drop {
  const decoded = decodeRecord(record.value)
  if (!decoded) return new Drop('undecodable', `bytes(${record.value.length})`)
  const { receivedAt, route, ip, userAgent, unit, shapes, ids, times, kinds } = decoded
  const sender: Sender = {
    position: record.position,
    appendedAt: record.appendedAt,
    receivedAt,
    route,
    ip,
    userAgent,
    unit,
  }
  const observation: Observation = { sender, shape: noShape, id: '', index: 0, sentTime: 0, time: 0 }
  return { sender, shapes: shapes.map((shape) => readShape(shape, catalogue)), ids, times, kinds, observation }
}

/** One event of an opened record; the same object each time. */
export function observe(record: OpenedRecord, index: number, catalogue: Catalogue): Observation | Drop {
  const id = record.ids[index]
  const time = record.times[index]
  const shape = record.shapes[record.kinds[index] as number]
  if (typeof id !== 'string' || typeof time !== 'number' || !Number.isFinite(time) || shape === undefined) {
    return new Drop('invalid-event', shapeOf([id, time, record.kinds[index]], catalogue))
  }
  const { observation } = record
  observation.shape = shape
  observation.id = id
  observation.index = index
  observation.sentTime = time
  observation.time = time
  return observation
}

function readShape(value: unknown, catalogue: Catalogue): EventShape | undefined {
  if (!Array.isArray(value) || value.length !== 2) return undefined
  const [feature, fields] = value as unknown[]
  if (typeof feature !== 'string' || !isFields(fields)) return undefined
  return { feature, fields, naturalKey: findFeature(catalogue, feature)?.naturalKey }
}

function isFields(value: unknown): value is SentEvent['fields'] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return Object.values(value).every((one) => typeof one === 'string' || typeof one === 'number')
}

/** A value's types, two levels deep, with declared field names only. */
function shapeOf(value: unknown, catalogue: Catalogue, depth = 0): string {
  if (typeof value === 'string') return `text(${value.length})`
  if (value === null || typeof value !== 'object') return typeof value
  if (depth > 1) return 'nested'
  if (Array.isArray(value)) {
    const shown = value.slice(0, 8).map((one) => shapeOf(one, catalogue, depth + 1))
    return `[${shown.join(',')}${value.length > 8 ? ',…' : ''}]`
  }
  const fields = Object.entries(value).slice(0, 16)
  const shown = fields.map(
    ([key, one]) => `${catalogue.fields.has(key) ? key : '(undeclared)'}:${shapeOf(one, catalogue, depth + 1)}`,
  )
  return `{${shown.join(',')}}`
}
