/**
 * The ledger's head at the end of each UTC day, to be published: whoever keeps one can later show that nothing before it
 * was changed (`headcount ledger verify --head <seq>:<hash>`).
 */
import type { LedgerEntry } from './port.ts'

export interface DailyHead {
  /** YYYY-MM-DD, UTC. */
  readonly day: string
  readonly seq: number
  readonly hash: string
}

/**
 * Days that have an entry, in order; the head at the end of another day is that of the day before. An entry whose time is
 * of an earlier day than one before it (a host's clock was wrong) belongs to the later day.
 * @param today YYYY-MM-DD, not over yet: neither it nor a later day comes
 */
export async function* dailyHeads(
  entries: AsyncIterable<LedgerEntry> | Iterable<LedgerEntry>,
  today: string,
): AsyncGenerator<DailyHead> {
  let last: DailyHead | undefined
  for await (const { seq, hash, at } of entries) {
    const ofTime = at.slice(0, 10)
    if (last && ofTime > last.day) yield last
    const day = last && last.day > ofTime ? last.day : ofTime
    if (day >= today) return
    last = { day, seq, hash }
  }
  if (last) yield last
}
