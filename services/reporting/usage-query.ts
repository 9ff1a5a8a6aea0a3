/**
 * The SQL of the analyst API. Identifiers come from the catalogue, everything else is a bound parameter.
 *
 * Which windows are final is read first and handed to the statements that read cells, so that all of them agree on it:
 * a final window's cells are its final rows, whatever open rows are still there; every other window's are its open rows.
 */
import { bySetKey, type Catalogue, type Dataset, isDeclaredBySet } from '../../shared/catalogue.ts'
import { cellsTable, dimensionColumn, finalDataset, measureColumns } from '../../shared/warehouse/schema.ts'
import type { Grain } from '../../shared/window.ts'

export interface Query {
  sql: string
  params: Record<string, unknown>
}

/** Windows [from, to) of a grain by what they are; starts in seconds since the Unix epoch. */
export interface WindowsAsked {
  grain: Grain
  from: number
  to: number
  final: readonly number[]
}

/** One table to read: `mask` says which of the `dimensions` it has (bit i: dimension i). */
export interface TableAsked {
  mask: number
  stage: 'open' | 'final'
}

/** A cell as the warehouse gives it; `v` has '' for dimensions that are not in the mask. */
export interface CellRow {
  mask: number
  w: number
  v: string[]
  e: string
  d: string
  /** For each measure asked for: sum, count. */
  m: number[]
}

const inRange = `window >= toDateTime({from:UInt32}, 'UTC') AND window < toDateTime({to:UInt32}, 'UTC')`
const isFinal = 'toUnixTimestamp(window) IN {final:Array(UInt32)}'

/** Starts of the final windows in a range: rows `{w}`. */
export function finalWindowsQuery(dataset: Dataset, grain: Grain, from: number, to: number): Query {
  return {
    sql: `SELECT DISTINCT toUnixTimestamp(window) AS w FROM ${cellsTable}
WHERE dataset = '${finalDataset}' AND grain = {grain:String} AND stage = 'mark' AND by = {dataset:String} AND ${inRange}
ORDER BY w`,
    params: { dataset: dataset.id, grain, from, to },
  }
}

const marks = `SELECT DISTINCT by, grain, window FROM ${cellsTable} WHERE dataset = '${finalDataset}' AND stage = 'mark'`
const marksStamp = 'count() AS n, groupBitXor(cityHash64(by, grain, toUnixTimestamp(window))) AS hash'

/** One row `{n, hash}` that is the same as long as the same windows are final. */
export function finalStampQuery(): Query {
  return { sql: `SELECT ${marksStamp} FROM (${marks})`, params: {} }
}

/**
 * The same row, with `of_dataset` '', and a row for each day, week and month with open rows (be it final or not): its start
 * `w`, and how many cells of the full set it has.
 */
export function windowStatesQuery(catalogue: Catalogue): Query {
  return {
    sql: `SELECT '' AS of_dataset, '' AS of_grain, 0 AS w, ${marksStamp} FROM (${marks})
UNION ALL
SELECT toString(dataset), toString(grain), toUnixTimestamp(window) AS w, ${openCells(catalogue.dimensions.map(({ id }) => id))} AS n, 0 AS hash
FROM ${cellsTable} WHERE dataset IN {datasets:Array(String)} AND grain IN {grains:Array(String)} AND stage = 'open'
GROUP BY dataset, grain, window`,
    params: { datasets: catalogue.datasets.map(({ id }) => id), grains: ['day', 'week', 'month'] },
  }
}

/** Starts of all final windows: a row `{by, grain, windows, n, hash}` for each dataset and grain. */
export function finalMarksQuery(): Query {
  return {
    sql: `SELECT by, grain, groupArray(toUnixTimestamp(window)) AS windows, ${marksStamp} FROM (${marks}) GROUP BY by, grain`,
    params: {},
  }
}

/** How many cells of the full set each window has: rows `{w, n}`; windows without cells are absent. */
export function windowSizesQuery(dataset: Dataset, { grain, from, to, final }: WindowsAsked): Query {
  const columns = dataset.dimensions.map((id) => dimensionColumn(id)).join(', ')
  return {
    sql: `SELECT w, n FROM (
SELECT toUnixTimestamp(window) AS w, count() AS n FROM ${cellsTable}
WHERE dataset = {dataset:String} AND grain = {grain:String} AND stage = 'final' AND by = {full:String} AND ${inRange} AND ${isFinal}
GROUP BY w
UNION ALL
SELECT toUnixTimestamp(window) AS w, uniqExact(${columns}) AS n FROM ${cellsTable}
WHERE dataset = {dataset:String} AND grain = {grain:String} AND stage = 'open' AND ${inRange} AND NOT ${isFinal}
GROUP BY w)`,
    params: { dataset: dataset.id, grain, from, to, final, full: bySetKey(dataset, dataset.dimensions) },
  }
}

/** How many cells of the full set final windows have: rows `{w, n}`. */
export function finalSizesQuery(dataset: Dataset, { grain, from, to, final }: WindowsAsked): Query {
  return {
    sql: `SELECT toUnixTimestamp(window) AS w, count() AS n FROM ${cellsTable}
WHERE dataset = {dataset:String} AND grain = {grain:String} AND stage = 'final' AND by = {full:String} AND ${inRange} AND ${isFinal}
GROUP BY w`,
    params: { dataset: dataset.id, grain, from, to, final, full: bySetKey(dataset, dataset.dimensions) },
  }
}

/** The same of windows that have open rows, be they final or not. */
export function openSizesQuery(dataset: Dataset, grain: Grain, from: number, to: number): Query {
  return {
    sql: `SELECT toUnixTimestamp(window) AS w, ${openCells(dataset.dimensions)} AS n FROM ${cellsTable}
WHERE dataset = {dataset:String} AND grain = {grain:String} AND stage = 'open' AND ${inRange}
GROUP BY w`,
    params: { dataset: dataset.id, grain, from, to },
  }
}

function openCells(dimensions: readonly string[]): string {
  return `uniqExact(${dimensions.map((id) => dimensionColumn(id)).join(', ')})`
}

export interface CellsAsked extends WindowsAsked {
  dataset: Dataset
  /** What the masks are about, in the dataset's order. */
  dimensions: readonly string[]
  tables: readonly TableAsked[]
  /** Measures to read. */
  measures: readonly string[]
  /** Most rows that come back. */
  rowsMax: number
}

/** The cells of several tables at once. Final devices of a set that is not declared are a lower bound. */
export function cellsQuery(asked: CellsAsked): Query {
  return { sql: `${unionOf(asked)}\nLIMIT {rows:UInt32}`, params: parametersOf(asked) }
}

/** For weeks or months: the largest day of each cell, as rows with the week's or month's start, and no events. */
export function largestDayQuery(asked: CellsAsked, grain: 'week' | 'month'): Query {
  const start = grain === 'week' ? 'toMonday' : 'toStartOfMonth'
  return {
    sql: `SELECT mask, toUnixTimestamp(toDateTime(${start}(toDateTime(day, 'UTC'), 'UTC'), 'UTC')) AS w, v, 0 AS e, max(d) AS d, [] AS m
FROM (SELECT mask, w AS day, v, d FROM (${unionOf(asked)}))
GROUP BY mask, w, v
LIMIT {rows:UInt32}`,
    params: parametersOf(asked),
  }
}

function unionOf(asked: CellsAsked): string {
  return asked.tables.map((table) => tableSelect(asked, table)).join('\nUNION ALL\n')
}

function tableSelect({ dataset, dimensions, measures }: CellsAsked, { mask, stage }: TableAsked): string {
  const own = dimensions.filter((_, index) => mask & (1 << index))
  const values = dimensions.map((id) => (own.includes(id) ? `toString(${dimensionColumn(id)})` : `''`))
  const sums = measures.flatMap((id) => Object.values(measureColumns(id)).map((column) => `toFloat64(sum(${column}))`))
  // What is not declared is added up from the full set; the devices of a union are at least those of its largest part.
  const by = bySetKey(dataset, isDeclaredBySet(dataset, own) ? own : dataset.dimensions)
  const [devices, windows] =
    stage === 'final'
      ? ['max(devices)', `stage = 'final' AND by = '${by}' AND ${inRange} AND ${isFinal}`]
      : ['uniqCombined64Merge(17)(state)', `stage = 'open' AND ${inRange} AND NOT ${isFinal}`]
  return `SELECT ${mask} AS mask, toUnixTimestamp(window) AS w, CAST([${values.join(', ')}], 'Array(String)') AS v, sum(events) AS e, ${devices} AS d, CAST([${sums.join(', ')}], 'Array(Float64)') AS m
FROM ${cellsTable} WHERE dataset = {dataset:String} AND grain = {grain:String} AND ${windows}
GROUP BY ${['window', ...own.map((id) => dimensionColumn(id))].join(', ')}`
}

function parametersOf({ dataset, grain, from, to, final, rowsMax }: CellsAsked): Record<string, unknown> {
  return { dataset: dataset.id, grain, from, to, final, rows: rowsMax }
}
