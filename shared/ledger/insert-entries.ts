/**
 * Entries into the warehouse, fenced: the token of an insert is the number of its first entry, so of several blocks that
 * begin with one number the engine takes the first and drops the others. What counts is what is read back.
 */
import type { Warehouse } from '../warehouse/port.ts'
import { brokenLedger } from './chain.ts'
import { ledgerBlock, readEntries } from './ledger-table.ts'
import type { LedgerEntry } from './port.ts'

/** A crash, or tables put back from a copy, can leave a token behind without its rows; each time one more. */
const tokensMax = 20

/**
 * Resolves when it is known whose entries have these numbers.
 * @returns `there`: these have, and no others; `taken`: others have, and none of these is in the table
 * @throws LedgerBrokenError when both are in the table
 */
export async function insertEntries(
  warehouse: Pick<Warehouse, 'insert' | 'select'>,
  entries: readonly LedgerEntry[],
): Promise<'there' | 'taken'> {
  const first = entries[0]?.seq ?? 0
  for (let attempt = 0; attempt < tokensMax; attempt++) {
    // The next token only when this one was dropped and nothing is there: then no insert under it can be on its way.
    await warehouse.insert(ledgerBlock(entries, `ledger/${first}${attempt === 0 ? '' : `/r${attempt}`}`))
    const found = await readStretch(warehouse, first, first + entries.length)
    if (found.length > 0) return fateOf(entries, found)
  }
  throw brokenLedger(`entry ${first} was inserted ${tokensMax} times and is not in the table`)
}

function fateOf(entries: readonly LedgerEntry[], found: readonly LedgerEntry[]): 'there' | 'taken' {
  const ours = new Set(entries.map(({ hash }) => hash))
  const matching = found.filter(({ hash }) => ours.has(hash)).length
  if (matching === 0) return 'taken'
  if (matching === entries.length && found.length === entries.length) return 'there'
  throw brokenLedger(
    `of ${entries.length} entries just inserted from ${entries[0]?.seq} on ${matching} are in the table, and ${found.length - matching} others with their numbers: somebody else writes to the same ledger, past the key-value store`,
  )
}

async function readStretch(
  warehouse: Pick<Warehouse, 'select'>,
  from: number,
  before: number,
): Promise<readonly LedgerEntry[]> {
  // A bounded block, so more than one portion can be of doubles only, of which the first tells enough.
  for await (const portion of readEntries(warehouse, from, before)) return portion
  return []
}
