/**
 * Bodies as programs write them: `{"events":[…]}` without other members, its events flat and, but for id, time and
 * feature, the same bytes. Such a body is not parsed as a whole: the first event is, and the others are compared with it
 * as bytes (../alike-scan), which takes a tenth of the time that the engine's JSON parser would, and makes no text of them.
 *
 * Nothing is guessed. Whatever is not word for word as expected (another member, another order, a space, an event that
 * would be rejected) makes `readAlike` give up, and the caller reads the body anew with the parser.
 */
import { type RecordText, timeText } from '../../../shared/event.ts'
import { parseTime } from '../../../shared/rfc3339.ts'
import { place, type Scan, scan, scanned } from '../alike-scan/scan.ts'
import { type AlikeTemplate, templateOf } from './alike-template.ts'
import type { Given } from './native-fields.ts'

/** As many as the columns can number. */
const kindsMax = 10_000

/** Where an event with some feature goes that is like the one admitted. */
export interface AlikeKind {
  readonly record: RecordText
  /** From `RecordText.kindOf`. */
  readonly kind: number
  /** Whether the catalogue does not know the feature: each of its events is to be noted. */
  readonly isUndeclared: boolean
}

/** Takes events, or not. */
export interface AlikeReader {
  /** The first event, parsed; undefined when it was taken, else what is wrong with it. */
  admit(event: Given): unknown
  /** For the event admitted last with another feature; undefined: it is not taken. */
  alikeKind(feature: string): AlikeKind | undefined
  /** How many characters the event admitted last may have at most in its id, time and feature together. */
  alikeSizeMax(): number
  noteUndeclared(feature: string): void
}

/**
 * Reads the events of a body. Undefined when it gives up: what the reader has taken by then must be thrown away.
 * @returns the number of events, all of them taken; then the body is ASCII without a backslash or DEL
 */
export function readAlike(body: Buffer, eventsMax: number, reader: AlikeReader): number | undefined {
  if (!scan || body.length > scan.bodyMax) return undefined
  const template = templateOf(body)
  if (!template || reader.admit(template.event) !== undefined) return undefined
  try {
    return new AlikeBody(scan, body, template, reader).readOthers(eventsMax)
  } finally {
    // Until the next request identifiers would stay there, which may be for days.
    scan.exports.forget()
  }
}

class AlikeBody {
  readonly #scan: Scan
  readonly #body: Buffer
  readonly #template: AlikeTemplate
  readonly #reader: AlikeReader
  /** By the numbers that the scan knows them by; it begins with 1. */
  readonly #records: (RecordText | undefined)[] = [undefined]
  #record: RecordText | undefined
  /** Events of `#record` that are in the columns. */
  #events = 0

  constructor(scan: Scan, body: Buffer, template: AlikeTemplate, reader: AlikeReader) {
    this.#scan = scan
    this.#body = body
    this.#template = template
    this.#reader = reader
  }

  readOthers(eventsMax: number): number | undefined {
    const { exports, state } = this.#scan
    let left = eventsMax - 1
    this.#begin(left)
    for (;;) {
      const outcome = exports.resume()
      this.#events += left - state[place.left]!
      left = state[place.left]!
      let goesOn = false
      if (outcome === scanned.newFeature) goesOn = this.#addFeature()
      else if (outcome === scanned.otherTime) goesOn = this.#giveTime()
      else if (outcome === scanned.otherRecord) goesOn = this.#turnTo(state[place.wanted]!)
      else if (outcome === scanned.toBeTold) goesOn = this.#tell()
      else if (outcome === scanned.over) {
        if (!this.#isTail(state[place.at]! - this.#scan.bodyAt)) return undefined
        this.#finish()
        return eventsMax - left
      }
      if (!goesOn) return undefined
    }
  }

  #begin(left: number): void {
    const { exports, bytes, bodyAt } = this.#scan
    const { slots, between, pieces } = this.#template
    bytes.set(this.#body, bodyAt)
    const start = bodyAt + pieces.at(-1)!.end
    const sizeMax = Math.max(0, this.#reader.alikeSizeMax())
    const [id, time] = [slots.indexOf('id'), slots.indexOf('time')]
    exports.begin(this.#body.length, start, left, id, time, between.length, sizeMax)
    for (let index = 0; index < pieces.length; index++) {
      const piece = pieces[index]!
      exports.setPiece(index, bodyAt + piece.start, piece.end - piece.start)
    }
  }

  #addFeature(): boolean {
    const known = this.#reader.alikeKind(this.#feature())
    if (!known || known.kind >= kindsMax) return false
    let record = this.#records.indexOf(known.record)
    if (record < 0) record = this.#records.push(known.record) - 1
    return this.#scan.exports.addFeature(known.kind, record, known.isUndeclared) !== 0
  }

  /** In another form than the usual one, as Python's isoformat. */
  #giveTime(): boolean {
    const { exports, bytes, state } = this.#scan
    const time = parseTime(bytes.toString('latin1', state[place.timeStart]!, state[place.timeEnd]!))
    if (Number.isNaN(time)) return false
    exports.giveTime(bytes.write(`${timeText(time)},`, state[place.times]!, 'latin1'))
    return true
  }

  #turnTo(record: number): boolean {
    if (this.#record && this.#events > 0) this.#record.addRun(this.#events, ...this.#columnTexts())
    this.#startColumns()
    this.#record = this.#records[record]
    this.#scan.exports.turnTo(record)
    return true
  }

  #tell(): boolean {
    this.#reader.noteUndeclared(this.#feature())
    return true
  }

  /** Mostly all events are of one record, which is whole then. */
  #finish(): void {
    const record = this.#record
    if (!record || this.#events === 0) return
    if (this.#records.length > 2) record.addRun(this.#events, ...this.#columnTexts())
    else record.endWith(this.#events, ...this.#columns())
    this.#startColumns()
  }

  #startColumns(): void {
    this.#events = 0
    this.#scan.exports.clear()
  }

  /** Each without its last comma, where they stand. */
  #columns(): [ids: Buffer, times: Buffer, kinds: Buffer] {
    const { bytes, state, idsAt, timesAt, kindsAt } = this.#scan
    return [
      bytes.subarray(idsAt, state[place.ids]! - 1),
      bytes.subarray(timesAt, state[place.times]! - 1),
      bytes.subarray(kindsAt, state[place.kinds]! - 1),
    ]
  }

  #columnTexts(): [ids: string, times: string, kinds: string] {
    const [ids, times, kinds] = this.#columns()
    return [ids.toString('latin1'), times.toString('latin1'), kinds.toString('latin1')]
  }

  #isTail(at: number): boolean {
    const { tail } = this.#template
    return at + tail.length === this.#body.length && this.#body.toString('latin1', at) === tail
  }

  #feature(): string {
    const { bytes, state } = this.#scan
    return bytes.toString('latin1', state[place.featureStart]!, state[place.featureEnd]!)
  }
}
