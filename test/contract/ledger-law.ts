/** What the laws of a ledger are checked with. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { ManualClock } from '../../shared/clock.ts'
import type { KeyValue } from '../../shared/keyvalue/port.ts'
import { type Ledger, LedgerBrokenError, type LedgerEvent } from '../../shared/ledger/port.ts'
import { verifyLedger } from '../../shared/ledger/verify-ledger.ts'
import { openLedger } from '../../shared/ledger/warehouse-ledger.ts'
import type { Warehouse } from '../../shared/warehouse/port.ts'
import { budgetRho, reserveShare } from './ledger-stores.ts'

export interface LedgerStores {
  readonly keyValue: KeyValue
  readonly warehouse: Warehouse
  /** A key-value store with nothing in it, as after the loss of the first. */
  emptyKeyValue(): Promise<KeyValue>
}

/** Calls `use` with stores of its own, and closes them. */
export type WithStores = (use: (stores: LedgerStores) => Promise<void>) => Promise<void>

export type Tools = LedgerStores & { clock: ManualClock; open: (changed?: Partial<LedgerStores>) => Promise<Ledger> }

export type Law = (title: string, check: (tools: Tools) => Promise<void>) => void

export function lawOver(withStores: WithStores): Law {
  return (title, check) =>
    void it(title, () =>
      withStores(async (stores) => {
        const clock = new ManualClock('2026-11-24T10:00:00.123Z')
        const { keyValue, warehouse } = stores
        await check({ ...stores, clock, open: (changed) => openLedger({ keyValue, warehouse, clock, ...changed }) })
      }),
    )
}

export const read = (partner: string): LedgerEvent => ({ kind: 'partner.read', partner, what: 'list' })
export const added = (partner: string): LedgerEvent => ({
  kind: 'partner.added',
  ...{ partner, name: 'Überschrift "x"\\', keySha256: 'b'.repeat(64), datasets: ['a'], purpose: 'two\ttabs' },
  until: '2027-01-01T00:00:00.000Z',
})
export const append = (ledger: Ledger, ...events: LedgerEvent[]) => ledger.append(() => ({ events, result: undefined }))
export const whole = async (ledger: Ledger) => {
  const { entries, problems } = await verifyLedger(ledger, { budgetRho })
  assert.deepEqual(problems, [])
  return entries
}
export const isBroken = (text: RegExp) => (error: unknown) => {
  assert.ok(error instanceof LedgerBrokenError, String(error))
  assert.match(error.message, text)
  assert.match(error.message, /headcount ledger verify/)
  return true
}
/** A ledger of six entries. */
export const filled = async (ledger: Ledger) => {
  await append(ledger, added('p'))
  for (const dataset of ['a', 'b', 'c']) await reserveShare(ledger, dataset)
  await append(ledger, read('p'))
}
