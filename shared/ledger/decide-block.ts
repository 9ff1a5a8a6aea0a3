/** Appends that wait together are decided one after the other, each on the state that the ones before it leave. */
import { canonicalJson } from '../canonical-json.ts'
import { chainEvents } from './chain.ts'
import type { FoldedLedger } from './ledger-state.ts'
import type { LedgerEntry, LedgerEvent, LedgerState } from './port.ts'

/** Most entries of one append, and of one block. */
export const blockEntriesMax = 256
/** Of an event as JSON; a block of the largest fits the key-value store twice. */
export const eventBytesMax = 16 * 1024

export type Decide = (state: LedgerState) => { events: readonly LedgerEvent[]; result: unknown }

export type Outcome = { readonly result: unknown } | { readonly error: unknown }

export interface DecidedBlock {
  readonly entries: readonly LedgerEntry[]
  /** After the entries. */
  readonly state: FoldedLedger
  /** Of the first calls, as many as fit; each holds only once the entries are written. */
  readonly outcomes: readonly Outcome[]
}

/** @param at RFC 3339 with milliseconds, UTC: when the entries are written */
export function decideBlock(state: FoldedLedger, decides: readonly Decide[], at: string): DecidedBlock {
  const entries: LedgerEntry[] = []
  const outcomes: Outcome[] = []
  let running = state
  for (const decide of decides) {
    try {
      const { events, result } = decide(running)
      checkEvents(events)
      if (entries.length + events.length > blockEntriesMax) break
      const own = chainEvents(running.head, at, events)
      if (own.length > 0) running = running.foldNew(own)
      entries.push(...own)
      outcomes.push({ result })
    } catch (error) {
      // Also an event that cannot follow: nothing of this call is appended.
      outcomes.push({ error })
    }
  }
  return { entries, state: running, outcomes }
}

function checkEvents(events: readonly LedgerEvent[]): void {
  if (events.length > blockEntriesMax)
    throw new RangeError(`an append has at most ${blockEntriesMax} events, this one has ${events.length}: split it`)
  for (const event of events) {
    const bytes = Buffer.byteLength(canonicalJson(event))
    if (bytes > eventBytesMax)
      throw new RangeError(
        `a ${event.kind} event has at most ${eventBytesMax} bytes, this one has ${bytes}: shorten it`,
      )
  }
}
