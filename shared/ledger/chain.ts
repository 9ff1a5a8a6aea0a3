/**
 * The hash chain. `hash` of an entry is SHA-256 over its canonical text: JSON with sorted keys (canonical-json.ts) of seq,
 * at, event and previous. So whoever has one hash has everything before it, and nothing there can be changed unseen.
 */
import { createHash } from 'node:crypto'
import { canonicalJson } from '../canonical-json.ts'
import { LedgerBrokenError, type LedgerEntry, type LedgerEvent, type LedgerHead } from './port.ts'

/** `previous` of the first entry. */
export const noHash = '0'.repeat(64)
export const emptyHead: LedgerHead = Object.freeze({ seq: -1, hash: noHash })

/** Ends every message about a ledger that cannot be trusted. */
export const whatToDo =
  'Nothing is drawn or handed out until this is mended: leave the tables and the key-value store as they are, run `headcount ledger verify`, and compare with the daily heads that others have kept'

/** What the hash is made over. */
export function entryText({ seq, at, event, previous }: Omit<LedgerEntry, 'hash'>): string {
  return canonicalJson({ seq, at, event, previous })
}

/** Lower-case hex SHA-256. */
export function entryHash(entry: Omit<LedgerEntry, 'hash'>): string {
  return createHash('sha256').update(entryText(entry), 'utf8').digest('hex')
}

/** Events as the entries that follow `head`. @param at RFC 3339 with milliseconds, UTC */
export function chainEvents(head: LedgerHead, at: string, events: readonly LedgerEvent[]): LedgerEntry[] {
  let last = head
  return events.map((given) => {
    // As it will be read, and no longer the caller's object.
    const event = JSON.parse(canonicalJson(given)) as LedgerEvent
    const entry = { seq: last.seq + 1, at, event, previous: last.hash }
    last = { seq: entry.seq, hash: entryHash(entry) }
    return Object.freeze({ ...entry, hash: last.hash })
  })
}

/** What is wrong with `entry` where `head` is the entry before it; undefined: nothing. */
export function chainProblem(head: LedgerHead, entry: LedgerEntry): string | undefined {
  const expected = head.seq + 1
  const { seq, previous, hash } = entry
  if (seq > expected)
    return `${expected === seq - 1 ? `entry ${expected} is` : `entries ${expected} to ${seq - 1} are`} missing`
  if (seq < expected) return `there are two entries ${seq}`
  if (entryHash(entry) !== hash) return `entry ${seq} was changed after it was written: its text does not have its hash`
  if (previous !== head.hash)
    return seq === 0
      ? 'entry 0 names an entry before it, so the beginning is missing'
      : `entry ${seq} does not follow the entry ${head.seq} that is there: one of the two was put in later`
  return undefined
}

/**
 * Checks that `entries` follow `head`, one after the other.
 * @throws LedgerBrokenError that names the first entry that is wrong
 */
export function verifyStretch(head: LedgerHead, entries: Iterable<LedgerEntry>): LedgerHead {
  let last = head
  for (const entry of entries) {
    const problem = chainProblem(last, entry)
    if (problem !== undefined) throw brokenLedger(problem)
    last = { seq: entry.seq, hash: entry.hash }
  }
  return last
}

export function brokenLedger(problem: string): LedgerBrokenError {
  return new LedgerBrokenError(`the ledger is broken: ${problem}. ${whatToDo}`)
}
