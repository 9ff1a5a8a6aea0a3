/**
 * What the key-value store says about the ledger: its newest entry, and the entries of the append that made it so. Those
 * may not be in the warehouse yet, when their process is at it or has died; whoever comes next sees to it that they are.
 */
import { brokenLedger, verifyStretch } from './chain.ts'
import { LedgerBrokenError, type LedgerEntry, type LedgerHead } from './port.ts'

export const headKey = 'ledger/head'

export interface StoredHead extends LedgerHead {
  /** Without gaps up to the head; none when the head was read from the warehouse. */
  readonly pending: readonly LedgerEntry[]
}

export function encodeHead({ seq, hash }: LedgerHead, pending: readonly LedgerEntry[]): Buffer {
  return Buffer.from(JSON.stringify({ seq, hash, pending }))
}

/** @throws LedgerBrokenError when it is no head */
export function decodeHead(stored: Buffer): StoredHead {
  try {
    const head = JSON.parse(stored.toString('utf8')) as StoredHead
    const { seq, hash, pending } = head
    if (!Number.isSafeInteger(seq) || seq < -1 || typeof hash !== 'string' || !Array.isArray(pending))
      throw new TypeError('not a head')
    const last = verifyStretch(baseOf(head), pending)
    if (last.seq !== seq || last.hash !== hash) throw new TypeError('not the head of its entries')
    return head
  } catch (error) {
    const why = error instanceof LedgerBrokenError ? '; its entries do not follow one another' : ''
    throw brokenLedger(`the value of \`${headKey}\` in the key-value store is none that was written there${why}`)
  }
}

/** The entry that the pending ones follow. */
export function baseOf({ seq, hash, pending }: StoredHead): LedgerHead {
  const [first] = pending
  return first ? { seq: first.seq - 1, hash: first.previous } : { seq, hash }
}
