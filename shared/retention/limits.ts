/**
 * How long what is kept: every limit, once. Jobs, topics and entries that expire take theirs from here; table.ts says what
 * each is for. All in milliseconds.
 */
import { dayMs, hourMs } from '../window.ts'

/** Raw records: in the event log, and so whatever can only be of use beside them. */
export const rawRetentionMs = 72 * hourMs
/** A file or segment holds an hour and goes whole, and is looked for now and then: the last byte is gone so much later. */
export const removalMs = 2 * hourMs
/** By then every byte of a raw record is gone. */
export const rawGoneMs = rawRetentionMs + removalMs

/** An event is counted if it is at most so much older than the append of its record. */
export const latenessMs = dayMs
/** What waits longer in a collector's spool would be late by then. */
export const spoolMs = latenessMs

/** After the end of its day, week or month an epoch's key goes, counted or not: longer it could serve nothing but linking. */
export const epochKeyMs = rawRetentionMs
/** So long before that the worker says that it is about to happen. */
export const epochKeyWarningMs = 12 * hourMs
/** Hashes of event ids: raw records can be read again for their time, and need what was seen a day before them. */
export const eventIdsMs = rawRetentionMs + latenessMs

/** Cells of the short grains; those of days, weeks and months are kept for good. */
export const minuteCellsMs = 48 * hourMs
export const hourCellsMs = 90 * dayMs
/** Cells of the event that a starting process sends itself. */
export const probeCellsMs = hourMs

/**
 * A deletion: by then the last raw record that it cuts out is gone, also one that was in a collector's spool when it was
 * made, and one look more has been taken.
 */
export const deletionMs = spoolMs + rawGoneMs + hourMs

/** From a deletion on: with Kafka a record may first have waited in a collector's spool. @param eventLogUrl as in the settings */
export function goneAfterDeletionMs(eventLogUrl: string): number {
  return rawGoneMs + (eventLogUrl === 'embedded:' ? 0 : spoolMs)
}
/** Values let in under a dimension's cap: a day takes events for a day after its end, and can be read again for 72 h. */
export const knownValuesMs = 5 * dayMs
export const quarantineMs = 30 * dayMs
/** A request for a day's release, and what the sealing job tells of it. */
export const sealRequestMs = 7 * dayMs
export const freshnessMs = dayMs
/** The cookie that says no more than that somebody opted out; browsers keep none for longer. */
export const choiceCookieMs = 400 * dayMs
/** The dashboard: a session from its sign-in, a link that signs in once, at most a link that shows one view. */
export const sessionMs = 30 * dayMs
export const signInLinkMs = dayMs
export const sharedViewMs = 365 * dayMs
/** By then Kafka has compacted away a choice that was taken back, and then its tombstone. */
export const compactionMs = dayMs
