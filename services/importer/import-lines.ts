/**
 * Access log lines into the event log. A line's event id is a keyed hash of the line and its occurrence number, so that
 * importing the same file again adds nothing. Its own time stands for when it was seen.
 */
import { type Catalogue, findFeatureOfPath } from '../../shared/catalogue.ts'
import type { Clock } from '../../shared/clock.ts'
import { addressUnit, encodeRecord, otherValue, type SentRecord } from '../../shared/event.ts'
import type { EventLog } from '../../shared/eventlog/port.ts'
import { KeyedHash } from '../../shared/keyed-hash.ts'
import { createUnitHash, derivedKey, type UnitHash } from '../collector/partition.ts'
import { type AccessLogFormat, parseAccessLogLine } from './access-log-line.ts'
import { lineBytesMax, type NumberedLine } from './numbered-lines.ts'

/** Events of one record; more of the same sender make another record. */
const eventsPerRecordMax = 1000

export interface ImportDeps {
  readonly log: EventLog
  /** Lines get their ids, and units their partitions, by keys derived from it. */
  readonly writeKey: string
  readonly catalogue: Catalogue
  readonly clock: Clock
}

export interface LinesAppended {
  /** Lines that are now durable in the event log. */
  appended: number
  /** Indexes of lines that are no access log line. */
  malformed: number[]
  /** By partition, the last position that was appended: what to wait for until everything is counted. */
  positions: Record<string, number>
}

export class LineImporter {
  readonly #deps: ImportDeps
  readonly #ids: KeyedHash
  readonly #unitHash: UnitHash

  constructor(deps: ImportDeps) {
    this.#deps = deps
    this.#ids = new KeyedHash(derivedKey(deps.writeKey, 'import-lines'))
    this.#unitHash = createUnitHash(deps.writeKey)
  }

  /**
   * Appends lines durably.
   * @throws LogUnavailableError when the event log cannot take them; then they may be given again
   */
  async append(lines: readonly NumberedLine[], format: AccessLogFormat, keepBots: boolean): Promise<LinesAppended> {
    const records = new Map<string, SentRecord>()
    const full: SentRecord[] = []
    const malformed: number[] = []
    const receivedAt = this.#deps.clock.now()
    for (const [index, { line, occurrence }] of lines.entries()) {
      const parsed = line.length > lineBytesMax ? undefined : parseAccessLogLine(line, format)
      if (!parsed) {
        malformed.push(index)
        continue
      }
      const { ip, userAgent, time, path } = parsed
      const unit = addressUnit(ip, userAgent)
      let record = records.get(unit.id)
      if (!record || record.events.length >= eventsPerRecordMax) {
        if (record) full.push(record)
        record = { receivedAt, route: keepBots ? 'import-all' : 'import', ip, userAgent, unit, events: [] }
        records.set(unit.id, record)
      }
      const id = this.#ids.digest(`${occurrence}\0${line}`).toString('base64url')
      const feature = findFeatureOfPath(this.#deps.catalogue, path)?.id ?? otherValue
      record.events.push({ id, time, feature, fields: {} })
    }
    const all = [...full, ...records.values()]
    const { log } = this.#deps
    const appended = await log.append(
      all.map((record) => ({
        partition: this.#unitHash(record.unit) % log.partitions,
        value: encodeRecord(record),
      })),
    )
    const positions: Record<string, number> = {}
    for (const { partition, position } of appended)
      positions[partition] = Math.max(position, positions[partition] ?? -1)
    return { appended: lines.length - malformed.length, malformed, positions }
  }
}
