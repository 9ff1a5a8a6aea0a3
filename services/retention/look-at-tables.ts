/** Tables of the warehouse. Rows are counted as they lie there: the engine adds up rows of one cell when it merges. */
import { EpochKeys } from '../../shared/epoch-keys.ts'
import { cellsMs } from '../../shared/retention/kinds-of-aggregates.ts'
import { epochKeyMs } from '../../shared/retention/limits.ts'
import { cellsTable, probeDataset } from '../../shared/warehouse/schema.ts'
import {
  type EpochKind,
  type EpochName,
  epochBounds,
  epochOf,
  type Grain,
  grains,
  windowEnd,
} from '../../shared/window.ts'
import { epochTimes } from '../worker/close-epochs.ts'
import { type KeptNow, type LookTools, oldestOf } from './kept-now.ts'

interface CellsRow {
  grain: Grain
  /** Start of the oldest window; Unix seconds. */
  oldest: string
  items: string
}

export async function lookAtTables(tools: LookTools): Promise<KeptNow[]> {
  const { warehouse } = tools
  const tables = new Set(
    (await warehouse.select<{ name: string }>('SELECT name FROM system.tables WHERE database = currentDatabase()')).map(
      ({ name }) => name,
    ),
  )
  return [
    ...(tables.has(cellsTable) ? [await lookAtOpen(tools), ...(await lookAtFinal(tools))] : []),
    ...(tables.has('releases') ? [await lookAtTable(tools, 'releases', 'uniqExact(dataset, day)', 'min(day)')] : []),
    ...(tables.has('ledger') ? [await lookAtTable(tools, 'ledger', 'count()', 'min(at)')] : []),
  ]
}

/** They go with the key of their epoch; one whose key is gone should have gone with it. */
async function lookAtOpen({ warehouse, keyValue }: LookTools): Promise<KeptNow> {
  const rows = await warehouse.select<CellsRow>(
    `SELECT grain, toUnixTimestamp(toStartOfDay(window)) AS oldest, count() AS items FROM ${cellsTable}
WHERE stage = 'open' AND dataset != '${probeDataset}' GROUP BY grain, oldest`,
  )
  const times = await epochTimes({ epochKeys: new EpochKeys(keyValue.secrets), keyValue })
  const deadlines = new Map(times.map(({ name, deadline }) => [name, deadline]))
  const deadlineOf = (name: EpochName) => deadlines.get(name) ?? epochBounds(name).end + epochKeyMs
  const goesAt = oldestOf(
    rows.map(({ grain, oldest }) => deadlineOf(epochOf(epochKindOf(grain), Number(oldest) * 1000))),
  )
  return {
    kind: 'open-states',
    items: rows.reduce((sum, { items }) => sum + Number(items), 0),
    ...(goesAt !== undefined && { goesAt, oldestAt: goesAt - epochKeyMs }),
  }
}

function epochKindOf(grain: Grain): EpochKind {
  return grain === 'week' || grain === 'month' ? grain : 'day'
}

async function lookAtFinal({ warehouse }: LookTools): Promise<KeptNow[]> {
  const rows = await warehouse.select<CellsRow>(
    `SELECT grain, toUnixTimestamp(min(window)) AS oldest, count() AS items FROM ${cellsTable}
WHERE stage = 'final' GROUP BY grain`,
  )
  return grains.map((grain) => {
    const row = rows.find((one) => one.grain === grain)
    const kind = `${grain}-cells`
    if (!row) return { kind, items: 0 }
    const oldestAt = windowEnd(grain, Number(row.oldest) * 1000)
    const kept = cellsMs[grain]
    return { kind, items: Number(row.items), oldestAt, ...(kept !== undefined && { goesAt: oldestAt + kept }) }
  })
}

async function lookAtTable({ warehouse }: LookTools, table: string, items: string, oldest: string): Promise<KeptNow> {
  const [row] = await warehouse.select<{ items: string; oldest: string; bytes: string }>(
    `SELECT ${items} AS items, toUnixTimestamp(${oldest}) AS oldest, (SELECT sum(bytes_on_disk) FROM system.parts
WHERE active AND database = currentDatabase() AND table = {table:String}) AS bytes FROM ${table}`,
    { table },
  )
  const count = Number(row?.items ?? 0)
  return {
    kind: table,
    items: count,
    bytes: Number(row?.bytes ?? 0),
    ...(count > 0 && { oldestAt: Number(row?.oldest) * 1000 }),
  }
}
