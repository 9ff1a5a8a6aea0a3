/**
 * Tables as one statement: what several questions need of several tables, grains and ranges is read together, since a
 * statement costs more to begin than most of what is read by it. Identifiers come from the catalogue, everything else
 * is a bound parameter.
 */
import { bySetKey, type Dataset, isDeclaredBySet } from '../../shared/catalogue.ts'
import { cellsTable, dimensionColumn, measureColumns } from '../../shared/warehouse/schema.ts'
import type { Grain } from '../../shared/window.ts'
import type { Query } from './usage-query.ts'

interface Windows {
  readonly dataset: Dataset
  /** Windows that start in [from, to); seconds since the Unix epoch. */
  readonly from: number
  readonly to: number
}

/** How many cells of the full set windows have: rows `{w, e}`. */
interface Sizes extends Windows {
  readonly kind: 'sizes'
  readonly stage: 'open' | 'final'
  readonly grain: Grain
}

interface Tables extends Windows {
  readonly stage: 'open' | 'final'
  /** What the masks are about, in the dataset's order. */
  readonly dimensions: readonly string[]
  /** Which of the dimensions a table has (bit i: dimension i). */
  readonly masks: readonly number[]
}

/** Cells of several tables. Final devices of a set that is not declared are a lower bound. */
interface Cells extends Tables {
  readonly kind: 'cells'
  readonly grain: Grain
  readonly measures: readonly string[]
}

/** For weeks or months: the largest of its days of each cell, as rows with the week's or month's start. */
interface LargestDays extends Tables {
  readonly kind: 'largest-days'
  readonly grain: 'week' | 'month'
  /** Starts of days whose open rows do not count. */
  readonly final: readonly number[]
}

export type Part = Sizes | Cells | LargestDays

export interface PartRow {
  /** The index of its part. */
  part: number
  mask: number
  w: number
  /** '' for dimensions that are not in the mask. */
  v: string[]
  e: string
  d: string
  /** For each measure asked for: sum, count. */
  m: number[]
}

/** @param rowsMax most rows that come back */
export function partsQuery(parts: readonly Part[], rowsMax: number): Query {
  const params: Record<string, unknown> = { rows: rowsMax }
  const selects = parts.flatMap((part, index) => {
    params[`dataset_${index}`] = part.dataset.id
    params[`grain_${index}`] = part.kind === 'largest-days' ? 'day' : part.grain
    params[`from_${index}`] = part.from
    params[`to_${index}`] = part.to
    if (part.kind === 'sizes') return [sizesSelect(part, index)]
    if (part.kind === 'cells') return part.masks.map((mask) => cellsSelect(part, mask, index))
    if (part.stage === 'open') params[`final_${index}`] = part.final
    return [largestDaysSelect(part, index)]
  })
  return { sql: `${selects.join('\nUNION ALL\n')}\nLIMIT {rows:UInt32}`, params }
}

export function selectsOf(part: Part): number {
  return part.kind === 'sizes' ? 1 : part.masks.length
}

function sizesSelect({ dataset, stage }: Sizes, index: number): string {
  const { dimensions } = dataset
  const full = 2 ** dimensions.length - 1
  const count = stage === 'final' ? 'count()' : `uniqExact(${dimensions.map((id) => dimensionColumn(id)).join(', ')})`
  return `SELECT ${index} AS part, 0 AS mask, toUnixTimestamp(window) AS w, CAST([], 'Array(String)') AS v, ${count} AS e, toUInt64(0) AS d, CAST([], 'Array(Float64)') AS m
FROM ${cellsTable} WHERE ${inRange(index)} AND ${ofStage(dataset, dimensions, full, stage)}
GROUP BY window`
}

function cellsSelect({ dataset, dimensions, measures, stage }: Cells, mask: number, index: number): string {
  const sums = measures.flatMap((id) => Object.values(measureColumns(id)).map((column) => `toFloat64(sum(${column}))`))
  return `SELECT ${index} AS part, ${mask} AS mask, toUnixTimestamp(window) AS w, ${values(dimensions, mask)} AS v, sum(events) AS e, ${devices(stage)} AS d, CAST([${sums.join(', ')}], 'Array(Float64)') AS m
FROM ${cellsTable} WHERE ${inRange(index)} AND ${ofStage(dataset, dimensions, mask, stage)}
GROUP BY ${groupBy(dimensions, mask)}`
}

function largestDaysSelect({ dataset, dimensions, stage, masks, grain }: LargestDays, index: number): string {
  const start = grain === 'week' ? 'toMonday' : 'toStartOfMonth'
  const isCounted = stage === 'open' ? ` AND toUnixTimestamp(window) NOT IN {final_${index}:Array(UInt32)}` : ''
  const days = masks.map(
    (mask) => `SELECT ${mask} AS mask, window AS day, ${values(dimensions, mask)} AS v, ${devices(stage)} AS d
FROM ${cellsTable} WHERE ${inRange(index)} AND ${ofStage(dataset, dimensions, mask, stage)}${isCounted}
GROUP BY ${groupBy(dimensions, mask)}`,
  )
  return `SELECT ${index} AS part, mask, toUnixTimestamp(toDateTime(${start}(day, 'UTC'), 'UTC')) AS w, v, toUInt64(0) AS e, max(d) AS d, CAST([], 'Array(Float64)') AS m
FROM (${days.join('\nUNION ALL\n')}) GROUP BY mask, w, v`
}

function inRange(index: number): string {
  return `dataset = {dataset_${index}:String} AND grain = {grain_${index}:String} AND window >= toDateTime({from_${index}:UInt32}, 'UTC') AND window < toDateTime({to_${index}:UInt32}, 'UTC')`
}

/** What is not declared is added up from the full set; the devices of a union are at least those of its largest part. */
function ofStage(dataset: Dataset, dimensions: readonly string[], mask: number, stage: 'open' | 'final'): string {
  if (stage === 'open') return "stage = 'open'"
  const own = ofMask(dimensions, mask)
  return `stage = 'final' AND by = '${bySetKey(dataset, isDeclaredBySet(dataset, own) ? own : dataset.dimensions)}'`
}

function devices(stage: 'open' | 'final'): string {
  return stage === 'final' ? 'max(devices)' : 'uniqCombined64Merge(17)(state)'
}

function values(dimensions: readonly string[], mask: number): string {
  const all = dimensions.map((id, index) => (mask & (1 << index) ? `toString(${dimensionColumn(id)})` : `''`))
  return `CAST([${all.join(', ')}], 'Array(String)')`
}

function groupBy(dimensions: readonly string[], mask: number): string {
  return ['window', ...ofMask(dimensions, mask).map((id) => dimensionColumn(id))].join(', ')
}

export function ofMask(dimensions: readonly string[], mask: number): string[] {
  return dimensions.filter((_, index) => mask & (1 << index))
}
