/**
 * Whether a restore has begun and not ended. It is a table of its own, to which rows are only added, in the warehouse that
 * is being filled: whoever opens that warehouse in between is told, and uses nothing of it.
 */
import { randomBytes } from 'node:crypto'
import type { Warehouse } from '../../shared/warehouse/port.ts'
import { durabilitySettings } from '../../shared/warehouse/schema.ts'
import { ForeseenError } from '../start-failure.ts'

export const restoresTable = 'restores'
export const restoresColumns = [
  'run FixedString(16)',
  'archive FixedString(64)',
  "state Enum8('begun' = 0, 'abandoned' = 1, 'done' = 2)",
] as const
const createTable = `CREATE TABLE IF NOT EXISTS ${restoresTable} (
  ${restoresColumns.join(',\n  ')}
)
ENGINE = MergeTree
ORDER BY run
SETTINGS ${durabilitySettings}, non_replicated_deduplication_window = 10000`

/** A restore that has not ended: which run, of which export. */
export interface UnfinishedRestore {
  readonly run: string
  readonly archive: string
}

type Reading = Pick<Warehouse, 'select'>

/** @throws ForeseenError when what is in the tables is half of an export */
export async function refuseUnfinished(warehouse: Reading): Promise<void> {
  const [unfinished] = await unfinishedRestores(warehouse)
  if (unfinished)
    throw new ForeseenError(
      `an export (${unfinished.archive.slice(0, 12)}…) was being restored into this warehouse, and that has not ended: nothing of it is used. Wait for the command if it still runs; else give it again, \`headcount restore DIR\`: it clears what is there and begins anew. Or start with another data folder or database`,
    )
}

/** The same of one that was just opened; it is closed then. @throws ForeseenError */
export async function wholeOrClosed(warehouse: Warehouse): Promise<Warehouse> {
  try {
    await refuseUnfinished(warehouse)
    return warehouse
  } catch (error) {
    await warehouse.close()
    throw error
  }
}

export async function unfinishedRestores(warehouse: Reading): Promise<readonly UnfinishedRestore[]> {
  const tables = await warehouse.select(
    'SELECT name FROM system.tables WHERE database = currentDatabase() AND name = {table:String}',
    { table: restoresTable },
  )
  if (tables.length === 0) return []
  return await warehouse.select<UnfinishedRestore>(
    `SELECT run, any(archive) AS archive FROM ${restoresTable} GROUP BY run HAVING max(state) = 'begun' ORDER BY run`,
  )
}

export async function beginRestore(warehouse: Warehouse, archive: string): Promise<UnfinishedRestore> {
  await warehouse.command(createTable)
  const begun = { run: randomBytes(8).toString('hex'), archive }
  await insert(warehouse, begun, 'begun')
  return begun
}

/** What it left has been removed. */
export function abandonRestore(warehouse: Warehouse, restore: UnfinishedRestore): Promise<void> {
  return insert(warehouse, restore, 'abandoned')
}

/** From now on the installation can be used. */
export function endRestore(warehouse: Warehouse, restore: UnfinishedRestore): Promise<void> {
  return insert(warehouse, restore, 'done')
}

async function insert(warehouse: Warehouse, { run, archive }: UnfinishedRestore, state: string): Promise<void> {
  await warehouse.insert({
    table: restoresTable,
    columns: ['run', 'archive', 'state'],
    lines: `${run}\t${archive}\t${state}\n`,
    rows: 1,
    token: `restore/${run}/${state}`,
  })
}
