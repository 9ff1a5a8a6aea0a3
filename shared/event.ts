/**
 * What the collector writes into the event log and the worker reads from it: one record per request body and privacy
 * unit. This is the only place where raw identifiers are written; retention removes them after 72 h.
 */

/** Who is counted once: a device, a browser's cookie, a cluster, or (nothing better known) address and user agent. */
export type UnitKind = 'device' | 'cookie' | 'cluster' | 'address'

export interface Unit {
  kind: UnitKind
  /** The raw identifier; for `address` it is the address, NUL, the user agent. */
  id: string
}

/**
 * How the record came in: `node` from a program, `browser` from a page (bots are dropped), `import` from an access log
 * (times are the lines' own, bots are dropped), `import-all` the same with bots kept.
 */
export const routes = ['node', 'browser', 'import', 'import-all'] as const
export type Route = (typeof routes)[number]

export interface SentRecord {
  /** When the collector had the whole request; ms since the Unix epoch. */
  receivedAt: number
  route: Route
  /** The client's address, as text. */
  ip: string
  userAgent: string
  unit: Unit
  events: SentEvent[]
}

export interface SentEvent {
  id: string
  /** Event time by the sender's (corrected) clock; ms since the Unix epoch. */
  time: number
  /** A declared feature id, or `(other)`. */
  feature: string
  /** Declared dimension and measure fields only, by name. */
  fields: Record<string, string | number>
}

/** The value that stands for every one that is not declared. */
export const otherValue = '(other)'
/** The value of a dimension that the event does not carry. */
export const noValue = '(none)'
/** Feature of the start-up probe; goes into its own dataset that no API lists. */
export const probeFeature = '_probe'

const recordVersion = 1

/** The unit for a sender without any identifier. */
export function addressUnit(ip: string, userAgent: string): Unit {
  return { kind: 'address', id: `${ip}\0${userAgent}` }
}

/**
 * A record as the log's bytes: JSON, by columns, for the many events of a batch differ in id and time and little else:
 * `[1, receivedAt, route, ip, userAgent, unitKind, unitId, [[feature, fields], …], [id, …], [time, …], [shape, …]]`,
 * where an event's shape is the index of its feature and fields. Half the bytes of a list of events and a fifth of the
 * time to read. The id of an `address` unit is left out, as it repeats the address and the user agent.
 */
export function encodeRecord(record: SentRecord): Buffer {
  const text = new RecordText(recordHead(record), record.unit, false)
  for (const { id, time, feature, fields } of record.events) {
    text.add(JSON.stringify(id), time, JSON.stringify(feature), JSON.stringify(fields))
  }
  return text.bytes()
}

/**
 * Builds the bytes that `encodeRecord` makes, an event at a time and from pieces that are JSON already: the collector's
 * hot path.
 */
export class RecordText {
  readonly unit: Unit
  readonly #isAscii: boolean
  readonly #head: string
  readonly #shapes: string[] = []
  readonly #byFields = new Map<string, Map<string, number>>()
  #events = 0
  #ids = ''
  #times = ''
  #kinds = ''
  #whole: Buffer | undefined
  #lastFields = ''
  #lastByFeature: Map<string, number> | undefined

  /**
   * @param head from `recordHead`; several units of one request share it
   * @param isAscii whether the head and every piece are ASCII, which encodes twice as fast
   */
  constructor(head: string, unit: Unit, isAscii: boolean) {
    this.unit = unit
    this.#isAscii = isAscii
    this.#head = `${head}"${unit.kind}",${unit.kind === 'address' ? '""' : JSON.stringify(unit.id)},[`
  }

  /** Everything but `time` is JSON text: two strings and an object. */
  add(id: string, time: number, feature: string, fields: string): void {
    this.addRun(1, id, timeText(time), String(this.kindOf(feature, fields)))
  }

  /** Several events at once: of each column their values as JSON text, with commas between; kinds from `kindOf`. */
  addRun(events: number, ids: string, times: string, kinds: string): void {
    if (this.#whole) throw new Error('the record has its last events already')
    const comma = this.#ids === '' ? '' : ','
    this.#events += events
    this.#ids += comma + ids
    this.#times += comma + times
    this.#kinds += comma + kinds
  }

  /**
   * As `addRun`, with the last events of the record, ASCII, from bytes that are written over soon. Nothing can be added
   * afterwards.
   */
  endWith(events: number, ids: Buffer, times: Buffer, kinds: Buffer): void {
    if (!this.#isAscii) {
      this.addRun(events, ids.toString('latin1'), times.toString('latin1'), kinds.toString('latin1'))
      return
    }
    const comma = this.#ids === '' ? '' : ','
    const beforeIds = `${this.#head}${this.#shapes.join(',')}],[${this.#ids}${comma}`
    const beforeTimes = `],[${this.#times}${comma}`
    const beforeKinds = `],[${this.#kinds}${comma}`
    const texts = beforeIds.length + beforeTimes.length + beforeKinds.length + 2
    const whole = Buffer.allocUnsafe(texts + ids.length + times.length + kinds.length)
    let at = whole.write(beforeIds, 0, 'latin1')
    at += ids.copy(whole, at)
    at += whole.write(beforeTimes, at, 'latin1')
    at += times.copy(whole, at)
    at += whole.write(beforeKinds, at, 'latin1')
    at += kinds.copy(whole, at)
    whole.write(']]', at, 'latin1')
    this.#events += events
    this.#whole = whole
  }

  /** How many there are. */
  get events(): number {
    return this.#events
  }

  bytes(): Buffer {
    if (this.#whole) return this.#whole
    return Buffer.from(
      `${this.#head}${this.#shapes.join(',')}],[${this.#ids}],[${this.#times}],[${this.#kinds}]]`,
      this.#isAscii ? 'latin1' : 'utf8',
    )
  }

  /**
   * The index of a shape, which is in the record from now on. Mostly the fields are the very same string as for the last
   * event; joining both first would cost more than all the rest.
   * @param feature a JSON string
   * @param fields a JSON object
   */
  kindOf(feature: string, fields: string): number {
    if (!this.#lastByFeature || fields !== this.#lastFields) {
      this.#lastByFeature = this.#byFields.get(fields) ?? new Map()
      this.#byFields.set(fields, this.#lastByFeature)
      this.#lastFields = fields
    }
    let kind = this.#lastByFeature.get(feature)
    if (kind === undefined) {
      kind = this.#shapes.push(`[${feature},${fields}]`) - 1
      this.#lastByFeature.set(feature, kind)
    }
    return kind
  }
}

const millisecondTexts = Array.from({ length: 1000 }, (_, ms) => String(ms).padStart(3, '0'))

/** Writing out a number above 2^31 takes five times as long as its seconds and its milliseconds. */
export function timeText(time: number): string {
  const seconds = Math.floor(time / 1000)
  const milliseconds = millisecondTexts[time - seconds * 1000]
  return seconds > 0 && milliseconds !== undefined ? seconds + milliseconds : String(time)
}

/** The part of a record's text that is the same for every unit. */
export function recordHead({ receivedAt, route, ip, userAgent }: Omit<SentRecord, 'unit' | 'events'>): string {
  return `[${recordVersion},${receivedAt},"${route}",${JSON.stringify(ip)},${JSON.stringify(userAgent)},`
}

const unitKinds: readonly string[] = ['device', 'cookie', 'cluster', 'address'] satisfies UnitKind[]

/** A record read back. Its columns are as they were found: what each event holds is checked by the worker. */
export interface DecodedRecord extends Omit<SentRecord, 'events'> {
  /** `[feature, fields]` each */
  shapes: unknown[]
  ids: unknown[]
  times: unknown[]
  /** Indexes into `shapes`. */
  kinds: unknown[]
}

/** The record in a log value, or undefined when it is not one that `encodeRecord` makes. */
export function decodeRecord(value: Buffer): DecodedRecord | undefined {
  let parsed: unknown
  try {
    parsed = JSON.parse(value.toString('utf8'))
  } catch {
    return undefined
  }
  if (!Array.isArray(parsed) || parsed.length !== 11) return undefined
  const [version, receivedAt, route, ip, userAgent, kind, unitId, shapes, ids, times, kinds] = parsed as unknown[]
  if (version !== recordVersion || typeof receivedAt !== 'number' || !Number.isFinite(receivedAt)) return undefined
  if (!routes.includes(route as Route) || typeof ip !== 'string' || typeof userAgent !== 'string') return undefined
  if (typeof kind !== 'string' || !unitKinds.includes(kind) || typeof unitId !== 'string') return undefined
  if (!Array.isArray(shapes) || !Array.isArray(ids) || !Array.isArray(times) || !Array.isArray(kinds)) return undefined
  if (ids.length !== times.length || ids.length !== kinds.length) return undefined
  const unit = kind === 'address' ? addressUnit(ip, userAgent) : { kind: kind as UnitKind, id: unitId }
  return { receivedAt, route: route as Route, ip, userAgent, unit, shapes, ids, times, kinds }
}

/** A decoded record's events one by one, unchecked; for looking at, not for the hot path. */
export function eventsOf({ shapes, ids, times, kinds }: DecodedRecord): SentEvent[] {
  return ids.map((id, index) => {
    const shape = shapes[kinds[index] as number]
    const [feature, fields] = (Array.isArray(shape) ? shape : []) as [string, SentEvent['fields']]
    return { id: id as string, time: times[index] as number, feature, fields }
  })
}
