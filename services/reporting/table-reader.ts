/** Reads cells from the warehouse and sorts them into windows and tables. */
import { type Dataset, isDeclaredBySet } from '../../shared/catalogue.ts'
import type { WarehouseReader } from '../../shared/warehouse/port.ts'
import { windowEnd } from '../../shared/window.ts'
import { type Margins, submasks } from './suppression-lattice.ts'
import { type CellRow, type CellsAsked, cellsQuery, largestDayQuery, type TableAsked } from './usage-query.ts'
import { tooMuch, type UsageRequest } from './usage-request.ts'

export interface TableCell {
  values: readonly string[]
  events: number
  /** Devices as they are shown. */
  devices: number
  /** Devices for the test against k: for weeks and months also those of the largest day. */
  testDevices: number
  /** For each measure asked for: sum, count. */
  measures: readonly number[]
}

export interface WindowTables {
  /** Start; ms since the Unix epoch. */
  window: number
  /** The table over the request's dimensions, by key (JSON of the values). */
  finest: ReadonlyMap<string, TableCell>
  /** The table over all of the dataset's dimensions, where that was read. */
  full: ReadonlyMap<string, TableCell>
  /** The tables below the one that was read, for suppression. */
  margins: Margins
}

/** Starts of final windows, of the request's grain and of its days where they matter; seconds since the Unix epoch. */
export interface FinalWindows {
  own: readonly number[]
  days: readonly number[]
}

/** The mask of some dimensions over all of the dataset's. */
export function maskOf(dataset: Dataset, dimensions: readonly string[]): number {
  return dataset.dimensions.reduce((mask, id, index) => (dimensions.includes(id) ? mask | (1 << index) : mask), 0)
}

/** Most cells of the table that an answer is a slice of. */
export const tableCellsMax = 500_000
/** Longer statements are split: the engine takes 256 KiB. */
const tablesPerStatement = 64
const statementRowsMax = 2 * tableCellsMax

/**
 * @param windows starts, seconds since the Unix epoch, sorted
 * @param which `all`: every table of the dataset; `coarser`: the request's and those below it; `own`: the request's only
 */
export async function readTables(
  reader: WarehouseReader,
  request: UsageRequest,
  final: FinalWindows,
  windows: readonly number[],
  which: 'all' | 'coarser' | 'own',
): Promise<WindowTables[]> {
  const { dataset, grain } = request
  const dimensions = which === 'all' ? dataset.dimensions : request.dimensions
  const top = 2 ** dimensions.length - 1
  const own = which === 'all' ? maskOf(dataset, request.dimensions) : top
  const masks = which === 'own' ? [top] : [top, ...submasks(top)]
  const first = windows[0]!
  const last = windows.at(-1)!
  const asked: CellsAsked = {
    dataset,
    dimensions,
    measures: request.metrics.filter((metric) => dataset.measures.includes(metric)),
    grain,
    from: first,
    to: last + 1,
    final: final.own.filter((window) => window >= first && window <= last),
    tables: masks.flatMap((mask) =>
      tablesOf(dataset, dimensions, mask, which === 'all' && mask !== own && mask !== top),
    ),
    rowsMax: statementRowsMax,
  }
  const wanted = new Map(windows.map((window) => [window, new Map<number, Map<string, TableCell>>()]))
  for (const row of await readRows(reader, asked, cellsQuery)) {
    const tables = wanted.get(row.w)
    if (!tables) continue
    const values = row.v.filter((_, index) => row.mask & (1 << index))
    const devices = Number(row.d)
    const cell = { values, events: Number(row.e), devices, testDevices: devices, measures: row.m }
    tableOf(tables, row.mask).set(JSON.stringify(values), cell)
  }
  if ((grain === 'week' || grain === 'month') && dataset.grains.includes('day')) {
    const to = windowEnd(grain, last * 1000) / 1000
    const days: CellsAsked = { ...asked, grain: 'day', to, final: final.days, measures: [] }
    for (const row of await readRows(reader, days, (some) => largestDayQuery(some, grain))) {
      const values = row.v.filter((_, index) => row.mask & (1 << index))
      const cell = wanted.get(row.w)?.get(row.mask)?.get(JSON.stringify(values))
      if (cell) cell.testDevices = Math.max(cell.testDevices, Number(row.d))
    }
  }
  const finals = new Set(final.own)
  return [...wanted].map(([window, tables]) => ({
    window: window * 1000,
    finest: tableOf(tables, own),
    full: tableOf(tables, top),
    margins: {
      devices: (mask, values) => tables.get(mask)?.get(JSON.stringify(values))?.testDevices,
      // Weeks and months count identified senders only.
      exact: (mask) =>
        grain !== 'week' &&
        grain !== 'month' &&
        (!finals.has(window) || isDeclaredBySet(dataset, ofMask(dimensions, mask))),
    },
  }))
}

/** Tables of a set. A final one that is not declared follows from the full set, so it need not be read if that is. */
function tablesOf(dataset: Dataset, dimensions: readonly string[], mask: number, follows: boolean): TableAsked[] {
  const open: TableAsked = { mask, stage: 'open' }
  if (follows && !isDeclaredBySet(dataset, ofMask(dimensions, mask))) return [open]
  return [open, { mask, stage: 'final' }]
}

async function readRows(
  reader: WarehouseReader,
  asked: CellsAsked,
  query: (asked: CellsAsked) => { sql: string; params: Record<string, unknown> },
): Promise<CellRow[]> {
  // Without final windows there is nothing to read of them.
  const tables = asked.tables.filter(({ stage }) => stage === 'open' || asked.final.length > 0)
  const rows: CellRow[] = []
  for (let at = 0; at < tables.length; at += tablesPerStatement) {
    const { sql, params } = query({ ...asked, tables: tables.slice(at, at + tablesPerStatement) })
    for (const row of await reader.select<CellRow>(sql, params)) rows.push(row)
    if (rows.length >= asked.rowsMax)
      throw tooMuch('The range has too many cells. Take a later `from`, an earlier `to`, or fewer dimensions.')
  }
  return rows
}

function tableOf(tables: Map<number, Map<string, TableCell>>, mask: number): Map<string, TableCell> {
  let table = tables.get(mask)
  if (!table) {
    table = new Map()
    tables.set(mask, table)
  }
  return table
}

function ofMask(dimensions: readonly string[], mask: number): string[] {
  return dimensions.filter((_, index) => mask & (1 << index))
}
