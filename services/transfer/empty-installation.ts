/** Only an installation that has nothing is filled: counts, budgets and releases of two cannot be put together. */
import type { KeyValue } from '../../shared/keyvalue/port.ts'
import { headKey } from '../../shared/ledger/ledger-head.ts'
import { ledgerTable } from '../../shared/ledger/ledger-table.ts'
import type { Warehouse } from '../../shared/warehouse/port.ts'
import { cellsTable } from '../../shared/warehouse/schema.ts'
import { releasesTable } from '../release/release-store.ts'
import { ForeseenError } from '../start-failure.ts'
import { restoreLease } from './restore-alone.ts'
import { abandonRestore, unfinishedRestores } from './restore-mark.ts'

export interface Stores {
  readonly warehouse: Warehouse
  readonly keyValue: KeyValue
}

const tables = [cellsTable, releasesTable, ledgerTable] as const

/** @throws ForeseenError saying what is there */
export async function mustBeEmpty({ warehouse, keyValue }: Stores): Promise<void> {
  for (const table of await existingTables(warehouse)) {
    const [found] = await warehouse.select<{ rows: string }>(`SELECT toString(count()) AS rows FROM ${table}`)
    if (Number(found?.rows ?? 0) > 0) throw notEmpty(`its table ${table} has ${found?.rows} rows`)
  }
  const secrets = await keyValue.secrets.list()
  if (secrets.length > 0) throw notEmpty(`its key-value store has ${secrets.length} keys of its own`)
  for await (const [key] of keyValue.scan(''))
    if (key !== restoreLease) throw notEmpty(`its key-value store has an entry, ${key}`)
}

/**
 * Removes what a restore left that did not end.
 * @returns whether there was one
 */
export async function clearUnfinished({ warehouse, keyValue }: Stores): Promise<boolean> {
  const unfinished = await unfinishedRestores(warehouse)
  if (unfinished.length === 0) return false
  for (const table of await existingTables(warehouse)) await warehouse.command(`ALTER TABLE ${table} DELETE WHERE 1`)
  await keyValue.delete(headKey)
  for (const restore of unfinished) await abandonRestore(warehouse, restore)
  return true
}

async function existingTables(warehouse: Warehouse): Promise<string[]> {
  const rows = await warehouse.select<{ name: string }>(
    'SELECT name FROM system.tables WHERE database = currentDatabase() AND has({tables:Array(String)}, name)',
    { tables },
  )
  return rows.map(({ name }) => name)
}

function notEmpty(why: string): ForeseenError {
  return new ForeseenError(
    `this installation is not empty: ${why}. An export is restored into an empty one only: set HEADCOUNT_DATA_DIR to a folder that is not there yet, or HEADCOUNT_WAREHOUSE_URL and HEADCOUNT_KEY_VALUE_URL to new databases, before anything was started there`,
  )
}
