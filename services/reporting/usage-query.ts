/**
 * Which windows there are. A final window's cells are its final rows, whatever open rows are still there; every other
 * window's are its open rows. So that is read first, and then the cells (table-parts.ts). Identifiers come from the
 * catalogue, everything else is a bound parameter.
 */
import { bySetKey, type Catalogue, type Dataset } from '../../shared/catalogue.ts'
import { cellsTable, dimensionColumn, finalDataset } from '../../shared/warehouse/schema.ts'
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
 * `w`, and how many events it has. These only become more: as long as they are the same, so is all else of the window.
 */
export function windowStatesQuery(catalogue: Catalogue): Query {
  return {
    sql: `SELECT '' AS of_dataset, '' AS of_grain, 0 AS w, ${marksStamp} FROM (${marks})
UNION ALL
SELECT toString(dataset), toString(grain), toUnixTimestamp(window) AS w, sum(events) AS n, 0 AS hash
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

/** How many events windows with open rows have, be they final or not: rows `{w, n}`. */
export function openEventsQuery(dataset: Dataset, grain: Grain, from: number, to: number): Query {
  return {
    sql: `SELECT toUnixTimestamp(window) AS w, sum(events) AS n FROM ${cellsTable}
WHERE dataset = {dataset:String} AND grain = {grain:String} AND stage = 'open' AND ${inRange}
GROUP BY w`,
    params: { dataset: dataset.id, grain, from, to },
  }
}
