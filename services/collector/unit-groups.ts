/** Gathers a request's events into one record for each privacy unit, in the order in which the units appear. */
import { addressUnit, RecordText, type Route, recordHead, type Unit, type UnitKind } from '../../shared/event.ts'
import type { KeptIdentifier } from './privacy/kept-identifier.ts'

/** What all events of a request have in common. */
export interface Sender {
  /** When the whole body was there; ms since the Unix epoch. */
  readonly receivedAt: number
  readonly ip: string
  readonly userAgent: string
  readonly route: Route
  /** Our cookie, if the request carried a valid one. */
  readonly cookie: string | undefined
  /** Without: an identifier is kept as it is. */
  readonly keptId?: KeptIdentifier
}

export class UnitGroups {
  readonly records: RecordText[] = []
  readonly #head: string
  readonly #isAscii: boolean
  readonly #senderUnit: Unit
  readonly #keptId: KeptIdentifier | undefined
  readonly #byKind = new Map<UnitKind, Map<string, RecordText>>()
  #last: RecordText | undefined

  /** @param isAscii whether all text of the body is ASCII */
  constructor(sender: Sender, isAscii: boolean) {
    this.#head = recordHead(sender)
    this.#keptId = sender.keptId
    // Node reads header bytes as Latin-1, so a user agent may not be ASCII.
    this.#isAscii = isAscii && /^[\x20-\x7e]*$/.test(this.#head)
    const { cookie, ip, userAgent } = sender
    this.#senderUnit = cookie === undefined ? addressUnit(ip, userAgent) : { kind: 'cookie', id: cookie }
  }

  recordOf(kind: UnitKind, id: string): RecordText {
    const last = this.#last
    // Mostly one sender sends a batch, so the next event's unit is the last one's.
    if (last !== undefined && last.unit.kind === kind && last.unit.id === id) return last
    let ofKind = this.#byKind.get(kind)
    if (!ofKind) {
      ofKind = new Map()
      this.#byKind.set(kind, ofKind)
    }
    let record = ofKind.get(id)
    if (!record) {
      const kept = kind === 'address' || !this.#keptId ? id : this.#keptId(id)
      record = new RecordText(this.#head, { kind, id: kept }, this.#isAscii)
      ofKind.set(id, record)
      this.records.push(record)
    }
    this.#last = record
    return record
  }

  /** For an event without an identifier of its own: our cookie, else the address and the user agent. */
  recordOfSender(): RecordText {
    return this.recordOf(this.#senderUnit.kind, this.#senderUnit.id)
  }
}
