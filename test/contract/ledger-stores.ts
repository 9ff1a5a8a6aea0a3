/** Stores for the ledger's laws, and ways in which they go wrong. */
import { randomBytes } from 'node:crypto'
import { fraction } from '../../shared/fraction.ts'
import type { KeyValue } from '../../shared/keyvalue/port.ts'
import { reserve } from '../../shared/ledger/budget.ts'
import { entryHash } from '../../shared/ledger/chain.ts'
import { ledgerBlock } from '../../shared/ledger/ledger-table.ts'
import type { Ledger, LedgerEntry } from '../../shared/ledger/port.ts'
import type { InsertBlock, Warehouse } from '../../shared/warehouse/port.ts'

export const budgetRho = fraction(15, 1000)
export const day = '2026-11-23'
const delta = fraction(1, 10 ** 9)

/** Reserves a fifteenth of the budget, for a dataset of that name. */
export function reserveShare(ledger: Ledger, dataset: string, rho = fraction(1, 1000)): Promise<string> {
  return ledger.append((state) => {
    const asked = { day, dataset, specification: 'a'.repeat(64), rho, delta, budgetRho }
    const decision = reserve(state, asked)
    return { events: decision.outcome === 'reserved' ? [decision.event] : [], result: decision.outcome }
  })
}

export async function allEntries(ledger: Pick<Ledger, 'entries'>, from?: number, before?: number) {
  const entries: LedgerEntry[] = []
  for await (const entry of ledger.entries(from, before)) entries.push(entry)
  return entries
}

/** Names of errors, or `done`, and how many of each. */
export function tally(settled: readonly PromiseSettledResult<unknown>[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const one of settled) {
    const name = one.status === 'fulfilled' ? 'done' : (one.reason as Error).name
    counts[name] = (counts[name] ?? 0) + 1
  }
  return counts
}

/** The store with some of its methods replaced. */
export function withChanged<Store extends object>(store: Store, changes: Partial<Store>): Store {
  return new Proxy(store, {
    get(target, name) {
      const value = Reflect.get(name in changes ? changes : target, name) as unknown
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

/** Its compare-and-set compares nothing. */
export function withoutCompare(keyValue: KeyValue): KeyValue {
  return withChanged(keyValue, {
    compareAndSet: async (key: string, _expected: Buffer | undefined, value: Buffer) => {
      await keyValue.put(key, value)
      return true
    },
  })
}

/** Its tokens are forgotten, so that it drops nothing. */
export function withoutTokens(warehouse: Warehouse): Warehouse {
  return withChanged(warehouse, {
    insert: (block: InsertBlock) => warehouse.insert({ ...block, token: randomBytes(8).toString('hex') }),
  })
}

/** Shows, of the rows, those that were inserted through it. */
export function withoutOthers(warehouse: Warehouse): Warehouse {
  const own = new Set<string>()
  return withChanged(warehouse, {
    insert: async (block: InsertBlock) => {
      for (const line of block.lines.trimEnd().split('\n')) own.add(line.slice(-64))
      await warehouse.insert(block)
    },
    select: async <Row>(sql: string, params?: Record<string, unknown>) =>
      (await warehouse.select<Row>(sql, params)).filter((row) => own.has((row as { hash: string }).hash)),
  } as Partial<Warehouse>)
}

/** Waits before each insert until it is let go. */
export function withHeldInserts(warehouse: Warehouse) {
  let letGo: () => void = () => undefined
  let reach: () => void = () => undefined
  const gone = new Promise<void>((resolve) => {
    letGo = resolve
  })
  const reached = new Promise<void>((resolve) => {
    reach = resolve
  })
  const held = withChanged(warehouse, {
    insert: async (block: InsertBlock) => {
      reach()
      await gone
      await warehouse.insert(block)
    },
  })
  return { held, reached, letGo }
}

/** Writes an entry past everything, with a right hash. */
export async function plant(warehouse: Warehouse, entry: Omit<LedgerEntry, 'hash'>): Promise<LedgerEntry> {
  const planted = { ...entry, hash: entryHash(entry) }
  await warehouse.insert(ledgerBlock([planted], `planted/${randomBytes(8).toString('hex')}`))
  return planted
}
