/**
 * Final cells, read in portions in an order of their own, so that the same counts give the same bytes on every engine.
 * What is open has states in it (a state of one device is as good as its pseudonym), and is never read.
 */
import type { WarehouseReader } from '../../shared/warehouse/port.ts'
import { cellsTable, finalDataset, probeDataset } from '../../shared/warehouse/schema.ts'
import { type EpochName, epochKindOf, epochOf, type Grain } from '../../shared/window.ts'
import { cellsPerFile } from './archive.ts'
import { type CellColumns, type CellLine, cellOf, selectColumns } from './cell-line.ts'

type Reading = Pick<WarehouseReader, 'select'>

/** Windows of one dataset and grain whose cells are read together. */
export interface Portion {
  readonly dataset: string
  readonly grain: Grain
  /** Unix seconds, in order. */
  readonly windows: readonly number[]
}

/** Ids of what the table has columns for, whether or not the catalogue still declares it. */
export async function columnsOf(warehouse: Reading): Promise<CellColumns> {
  const rows = await warehouse.select<{ name: string }>(
    'SELECT name FROM system.columns WHERE database = currentDatabase() AND table = {table:String} ORDER BY name',
    { table: cellsTable },
  )
  const named = (pattern: RegExp) => rows.flatMap(({ name }) => pattern.exec(name)?.[1] ?? [])
  return { dimensions: named(/^d_(\w+)$/), measures: named(/^m_(\w+)_sum$/) }
}

/** Days, weeks and months that still have open windows. */
export async function openEpochs(warehouse: Reading): Promise<Set<EpochName>> {
  const rows = await warehouse.select<{ grain: Grain; start: string }>(
    `SELECT DISTINCT grain, toString(toUnixTimestamp(window)) AS start FROM ${cellsTable}
WHERE stage = 'open' AND dataset != '${probeDataset}' AND (dataset, grain, window) NOT IN (
  SELECT by, grain, window FROM ${cellsTable} WHERE dataset = '${finalDataset}' AND stage = 'mark')
ORDER BY grain, start`,
  )
  return new Set(rows.map(({ grain, start }) => epochOf(epochKindOf[grain], Number(start) * 1000)))
}

/** Every final window, in portions; without those of epochs that are open, of which some may be final already. */
export async function portionsOf(warehouse: Reading, open: ReadonlySet<EpochName>): Promise<Portion[]> {
  const rows = await warehouse.select<{ name: string; grain: Grain; start: string; cells: string }>(
    `SELECT if(stage = 'mark', by, dataset) AS name, grain, toString(toUnixTimestamp(window)) AS start,
  toString(count()) AS cells
FROM ${cellsTable} WHERE (stage = 'mark' AND dataset = '${finalDataset}') OR stage = 'final'
GROUP BY name, grain, start ORDER BY grain, name, toUInt64(start)`,
  )
  const portions: { dataset: string; grain: Grain; windows: number[] }[] = []
  let cellsInPortion = 0
  for (const { name: dataset, grain, start, cells } of rows) {
    if (open.has(epochOf(epochKindOf[grain], Number(start) * 1000))) continue
    const last = portions.at(-1)
    cellsInPortion += Number(cells)
    if (last?.dataset === dataset && last.grain === grain && cellsInPortion <= cellsPerFile)
      last.windows.push(Number(start))
    else {
      portions.push({ dataset, grain, windows: [Number(start)] })
      cellsInPortion = Number(cells)
    }
  }
  return portions
}

/**
 * The cells and marks of a portion, at most `cellsPerFile` at a time. Over all portions the order is that of grain, dataset,
 * window and then the cell, however the windows were put together.
 */
export async function* readPortion(
  warehouse: Reading,
  columns: CellColumns,
  { dataset, grain, windows }: Portion,
): AsyncGenerator<readonly CellLine[]> {
  const { key, counts } = selectColumns(columns)
  for (let skip = 0; ; skip += cellsPerFile) {
    const rows = await warehouse.select<Record<string, string>>(
      `SELECT ${['toUnixTimestamp(window) AS start', ...key.filter((one) => one !== 'start'), ...counts].join(', ')}
FROM ${cellsTable}
WHERE dataset IN ({dataset:String}, '${finalDataset}') AND grain = {grain:String}
  AND (stage = 'final' OR (stage = 'mark' AND by = {dataset:String}))
  AND has({windows:Array(UInt32)}, toUnixTimestamp(window))
GROUP BY ${key.join(', ')} ORDER BY start, ${key.join(', ')} LIMIT {limit:UInt64} OFFSET {skip:UInt64}`,
      { dataset, grain, windows, limit: cellsPerFile, skip },
    )
    if (rows.length > 0) yield rows.map((row) => cellOf(row, columns))
    if (rows.length < cellsPerFile) return
  }
}
