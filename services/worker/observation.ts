/**
 * What flows through the pipeline. Before `pseudonymise` an observation knows its sender; after it there is a type
 * without any field for an identifier, an address or a user agent, so that no later step can keep one.
 */
import type { Feature } from '../../shared/catalogue.ts'
import type { Route, SentEvent, Unit } from '../../shared/event.ts'
import type { Tuple } from './fold-into-catalogue.ts'
import type { UnitPseudonyms } from './pseudonymise.ts'
import type { Amount, MetCells } from './roll-up.ts'

/** One log record, opened; things that are the same for all of its events are worked out once and kept here. */
export interface Sender {
  readonly position: number
  readonly appendedAt: number
  readonly receivedAt: number
  readonly route: Route
  readonly ip: string
  readonly userAgent: string
  readonly unit: Unit
  /** Per-record results of the steps, filled by the step that needs them first. */
  country?: string
  client?: ClientClass
  isBot?: boolean
  pseudonyms?: { day: number; unit: UnitPseudonyms } | undefined
  /** Of this record's ids, from that byte on. */
  fingerprints?: { readonly today: Uint8Array; readonly earlier: readonly Uint8Array[]; readonly from: number }
}

/** A user agent reduced to closed lists (shared/client-values.ts). */
export interface ClientClass {
  readonly browser: string
  readonly os: string
  readonly deviceType: string
}

/** What events of one record share: feature and fields. Results that follow from them are kept here. */
export interface EventShape {
  readonly feature: string
  readonly fields: SentEvent['fields']
  readonly naturalKey: Feature['naturalKey']
  folded?: { readonly day: number; readonly tuple: Tuple }
  /** Where its last event was counted. */
  met?: MetCells
  /** Its measures. */
  amounts?: readonly Amount[]
}

/** One for all events of a record, filled anew for each: at a million a second an object for every one is felt. */
export interface Observation {
  readonly sender: Sender
  shape: EventShape
  /** The sender's event id. */
  id: string
  /** Index of the event in its record; with the record's position, the event's place in the log. */
  index: number
  /** Event time as sent; ms since the Unix epoch. */
  sentTime: number
  /** Event time that counts: as sent, or clamped. */
  time: number
}

/** An event after its sender has been forgotten. */
export interface PseudonymousObservation {
  readonly time: number
  readonly shape: EventShape
  readonly country: string
  readonly client: ClientClass
  readonly unit: UnitPseudonyms
}
