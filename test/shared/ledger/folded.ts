/** Ledgers in memory, for unit tests. */
import { chainEvents, emptyHead } from '../../../shared/ledger/chain.ts'
import { FoldedLedger } from '../../../shared/ledger/ledger-state.ts'
import type { LedgerEvent } from '../../../shared/ledger/port.ts'

export const at = '2026-11-24T10:00:00.000Z'
export const day = '2026-11-23'
export const sha256 = 'c'.repeat(64)

export const begun: LedgerEvent = { kind: 'ledger.begun', id: 'a' }
export const unsealed: LedgerEvent = { kind: 'day.unsealed', day, why: 'w' }
export const revoked = (partner: string): LedgerEvent => ({ kind: 'partner.revoked', partner })

export function reserved(dataset: string, rho = '1/1000', specification = 'a'.repeat(64)): LedgerEvent {
  return { kind: 'budget.reserved', day, dataset, specification, rho, delta: '1/1000000000' }
}

export function sealed(dataset: string, hash = sha256): LedgerEvent {
  return { kind: 'release.sealed', day, dataset, sha256: hash, rows: 3, publishAt: '2026-11-25T02:00:00.000Z' }
}

export function published(dataset: string, hash = sha256): LedgerEvent {
  return { kind: 'release.published', day, dataset, sha256: hash }
}

export function added(partner: string, keySha256 = 'b'.repeat(64)): LedgerEvent {
  const until = '2027-01-01T00:00:00.000Z'
  return { kind: 'partner.added', partner, name: 'n', keySha256, datasets: ['a'], purpose: 'p', until }
}

/** An entry for each event, after `ledger.begun`. */
export function entriesOf(...events: LedgerEvent[]) {
  return chainEvents(emptyHead, at, [begun, ...events])
}

export function folded(...events: LedgerEvent[]): FoldedLedger {
  return FoldedLedger.empty.fold(entriesOf(...events))
}
