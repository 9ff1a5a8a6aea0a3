/** The day on which a ledger began: from it on every day has a release, whatever was counted. */
import type { Ledger } from './port.ts'

/** `YYYY-MM-DD`, UTC; undefined for a ledger without entries. */
export async function firstDayOf(ledger: Pick<Ledger, 'entries'>): Promise<string | undefined> {
  for await (const { at } of ledger.entries(0, 1)) return at.slice(0, 10)
  return undefined
}
