/**
 * finalise: when a window closes, its unique states become integers, for every declared set of dimensions, and then the
 * states are rewritten away. Integers and the mark that says "this window is final" are one insert; readers go by the
 * mark, so that a crash between that insert and the removal of the open rows changes no answer.
 */
import { bySetKey, type Catalogue, type Dataset } from '../../shared/catalogue.ts'
import type { Warehouse } from '../../shared/warehouse/port.ts'
import {
  cellsTable,
  dimensionColumn,
  finalDataset,
  insertColumns,
  measureColumns,
} from '../../shared/warehouse/schema.ts'
import { escapeTab, tabDateTime } from '../../shared/warehouse/tab-separated.ts'
import { type EpochKind, type Grain, windowStart } from '../../shared/window.ts'

/** Open cells read at a time; their windows become final in one insert. */
const openCellsPerInsert = 50_000
const attemptsMax = 2

/** Windows of one grain, [start, end), ms since the Unix epoch. */
export interface WindowRange {
  grain: Grain
  start: number
  end: number
}

/** The windows that an epoch's close makes final: a day's minutes, hours and the day; a week; a month. */
export function windowsOfEpoch(kind: EpochKind, start: number, end: number): WindowRange[] {
  const grains: Grain[] = kind === 'day' ? ['minute', 'hour', 'day'] : [kind]
  return grains.map((grain) => ({ grain, start: windowStart(grain, start), end }))
}

/** Makes final every open window in the ranges, of every dataset, and removes their states. May be run again. */
export async function finaliseWindows(
  warehouse: Warehouse,
  catalogue: Catalogue,
  ranges: readonly WindowRange[],
): Promise<void> {
  for (const range of ranges) {
    for (const dataset of catalogue.datasets) {
      await finaliseDataset(warehouse, catalogue, dataset, range)
    }
    await removeOpenRows(warehouse, range)
  }
}

/**
 * A crash of the engine may leave a token in its memory whose insert never became a part, and then drops the next insert
 * with that token without a word; so it is looked whether the windows are final, and another token is used if not.
 */
async function finaliseDataset(
  warehouse: Warehouse,
  catalogue: Catalogue,
  dataset: Dataset,
  range: WindowRange,
): Promise<void> {
  for (let attempt = 0; attempt <= attemptsMax; attempt++) {
    const groups = await openWindows(warehouse, dataset, range)
    if (groups.length === 0) return
    for (const windows of groups) await finalise(warehouse, catalogue, dataset, range.grain, windows, attempt)
  }
  if ((await openWindows(warehouse, dataset, range)).length > 0)
    throw new Error(`windows of ${dataset.id} by ${range.grain} were made final several times and still are not`)
}

/**
 * Starts (Unix seconds) of windows with open rows and no final mark, in order, in groups of bounded size. Counted are
 * cells, not rows, whose number changes as the engine merges: whoever looks again finds the same groups.
 */
async function openWindows(warehouse: Warehouse, dataset: Dataset, range: WindowRange): Promise<number[][]> {
  const cell = ['window', ...dataset.dimensions.map(dimensionColumn)]
  const rows = await warehouse.select<{ start: string; cells: string }>(
    `SELECT toUnixTimestamp(window) AS start, count() AS cells FROM (SELECT DISTINCT ${cell.join(', ')} FROM ${cellsTable}
WHERE dataset = {dataset:String} AND ${openRows} AND window NOT IN (
  SELECT window FROM ${cellsTable} WHERE dataset = '${finalDataset}' AND stage = 'mark' AND grain = {grain:String} AND by = {dataset:String}))
GROUP BY start ORDER BY start`,
    { dataset: dataset.id, ...rangeParameters(range) },
  )
  const groups: number[][] = []
  let cellsInGroup = Number.POSITIVE_INFINITY
  for (const { start, cells } of rows) {
    if (cellsInGroup + Number(cells) > openCellsPerInsert) {
      groups.push([])
      cellsInGroup = 0
    }
    groups.at(-1)?.push(Number(start))
    cellsInGroup += Number(cells)
  }
  return groups
}

async function finalise(
  warehouse: Warehouse,
  catalogue: Catalogue,
  dataset: Dataset,
  grain: Grain,
  windows: readonly number[],
  attempt: number,
): Promise<void> {
  const lines = windows.map((window) => finalMark(catalogue, dataset, grain, window))
  for (const bySet of dataset.bySets)
    lines.push(...(await finalLines(warehouse, catalogue, dataset, grain, windows, bySet)))
  // Two processes that close the same windows, one of them after a long stop, make the same block: it counts once.
  const token = `final/${grain}/${dataset.id}/${windows[0]}-${windows.at(-1)}/${windows.length}${attempt === 0 ? '' : `/r${attempt}`}`
  await warehouse.insert({
    table: cellsTable,
    columns: insertColumns(catalogue),
    lines: `${lines.join('\n')}\n`,
    rows: lines.length,
    token,
  })
}

async function finalLines(
  warehouse: Warehouse,
  catalogue: Catalogue,
  dataset: Dataset,
  grain: Grain,
  windows: readonly number[],
  bySet: readonly string[],
): Promise<string[]> {
  const group = bySet.map((id) => dimensionColumn(id))
  const measures = catalogue.measures.flatMap(({ id }) => Object.values(measureColumns(id)))
  const rows = await warehouse.select<Record<string, string>>(
    `SELECT ${['toUnixTimestamp(window) AS start', ...group, 'sum(events) AS event_sum', 'uniqCombined64Merge(17)(state) AS device_count', ...measures.map((column) => `sum(${column}) AS ${column}_total`)].join(', ')}
FROM ${cellsTable} WHERE dataset = {dataset:String} AND ${openRows} AND has({windows:Array(UInt32)}, toUnixTimestamp(window))
GROUP BY ${['start', ...group].join(', ')}`,
    {
      dataset: dataset.id,
      windows,
      ...rangeParameters({ grain, start: (windows[0] ?? 0) * 1000, end: ((windows.at(-1) ?? 0) + 1) * 1000 }),
    },
  )
  const by = bySetKey(dataset, bySet)
  return rows.map((row) => {
    const values = catalogue.dimensions.map(({ id }) =>
      bySet.includes(id) ? escapeTab(row[dimensionColumn(id)] ?? '') : '',
    )
    const counts = [row.event_sum, row.device_count, '[]', ...measures.map((column) => row[`${column}_total`])]
    return [
      dataset.id,
      grain,
      'final',
      by,
      tabDateTime(Number(row.start) * 1000),
      '',
      '',
      0,
      ...values,
      ...counts,
    ].join('\t')
  })
}

function finalMark(catalogue: Catalogue, dataset: Dataset, grain: Grain, window: number): string {
  const measures = catalogue.measures.flatMap(() => [0, 0])
  return [
    finalDataset,
    grain,
    'mark',
    dataset.id,
    tabDateTime(window * 1000),
    '',
    '',
    0,
    ...catalogue.dimensions.map(() => ''),
    0,
    0,
    '[]',
    ...measures,
  ].join('\t')
}

/** Rewrites the open rows of a range away, states and all; those of datasets that are no longer declared go too. */
async function removeOpenRows(warehouse: Warehouse, range: WindowRange): Promise<void> {
  const params = rangeParameters(range)
  const [left] = await warehouse.select<{ cells: string }>(
    `SELECT count() AS cells FROM ${cellsTable} WHERE ${openRows}`,
    params,
  )
  if (Number(left?.cells ?? 0) > 0)
    await warehouse.command(`ALTER TABLE ${cellsTable} DELETE WHERE ${openRows}`, params)
}

const openRows = `stage = 'open' AND grain = {grain:String} AND window >= toDateTime({start:UInt32}, 'UTC') AND window < toDateTime({end:UInt32}, 'UTC')`

function rangeParameters({ grain, start, end }: WindowRange): Record<string, unknown> {
  return { grain, start: start / 1000, end: end / 1000 }
}
