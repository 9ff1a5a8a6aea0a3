/** The ledger of an export: read in portions, its chain and its head checked, and what it says folded up. */
import { emptyHead, verifyStretch } from '../../shared/ledger/chain.ts'
import { FoldedLedger } from '../../shared/ledger/ledger-state.ts'
import { LedgerBrokenError, type LedgerEntry } from '../../shared/ledger/port.ts'
import { ArchiveError } from './archive.ts'
import type { ArchiveReader } from './archive-folder.ts'

/** Unchecked. */
export async function* archivedEntries(archive: ArchiveReader): AsyncGenerator<readonly LedgerEntry[]> {
  for (const file of archive.named('ledger-')) {
    const lines = (await archive.read(file)).toString('utf8').split('\n').slice(0, -1)
    yield lines.map((line) => JSON.parse(line) as LedgerEntry)
  }
}

/** @throws ArchiveError when an entry was changed, left out or put in */
export async function verifyArchivedLedger(archive: ArchiveReader): Promise<FoldedLedger> {
  let state = FoldedLedger.empty
  let head = emptyHead
  try {
    for await (const entries of archivedEntries(archive)) {
      head = verifyStretch(head, entries)
      state = state.fold(entries)
    }
  } catch (error) {
    if (error instanceof LedgerBrokenError || error instanceof SyntaxError || error instanceof TypeError)
      throw new ArchiveError(
        `the ledger of the export does not verify, so nothing is restored: ${error.message.split('. ')[0]}. Ask whoever made it for another export`,
      )
    throw error
  }
  const { seq, hash } = archive.manifest.ledger
  if (head.seq !== seq || head.hash !== hash)
    throw new ArchiveError(
      `the ledger of the export ends with entry ${head.seq}, and the manifest says that it ends with ${seq}, or with another hash: nothing is restored`,
    )
  return state
}
