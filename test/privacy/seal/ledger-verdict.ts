/** Whether the chain of a ledger holds, by its entries alone. */
import { emptyHead, verifyStretch } from '../../../shared/ledger/chain.ts'
import type { Ledger, LedgerEntry } from '../../../shared/ledger/port.ts'

/** `verified`, or what is wrong. */
export async function verdictOf(ledger: Ledger): Promise<string> {
  const entries: LedgerEntry[] = []
  for await (const entry of ledger.entries()) entries.push(entry)
  try {
    const head = verifyStretch(emptyHead, entries)
    const state = await ledger.state()
    return head.hash === state.head.hash ? 'verified' : 'its state is not that of its last entry'
  } catch (error) {
    return (error as Error).message
  }
}
