/** From the windows of a table to what is answered: the slice asked for as rows, as JSON or CSV. */
import type { TableCell } from './read-windows.ts'
import { formatMoment } from './request-time.ts'
import { tooMuch, type UsageRequest } from './usage-request.ts'
import { type Slice, sliceOf } from './usage-slice.ts'
import type { UsageWindow } from './usage-tables.ts'
import { totalColumns, totalRows } from './usage-totals.ts'

export type UsageRow = (string | number | null)[]

export interface UsageAnswer {
  columns: string[]
  rows: UsageRow[]
  /** Cells of the slice that were left out. */
  suppressed: number
  /** In which windows, and how many there: [start, cells]. */
  suppressed_in: [string, number][]
  /** Everything accepted before it is counted; RFC 3339 with milliseconds, null when no worker has said so yet. */
  fresh_to: string | null
}

export const rowsMax = 200_000

/**
 * What is left out is told window by window: the same could be asked, and so a chart tells it from what is not there.
 * @param windows of the table over the request's dimensions, in order
 * @param freshTo ms since the Unix epoch
 * @throws ProblemError 400 when the answer would have too many rows
 */
export function answerUsage(
  request: UsageRequest,
  windows: readonly UsageWindow[],
  freshTo: number | undefined,
): UsageAnswer {
  const { by, metrics, isTotals } = request
  const slices = sliceOf(request, windows)
  const rows = isTotals ? totalRows(request, slices) : windowRows(request, slices)
  if (rows.length > rowsMax)
    throw tooMuch(`The answer would have more than ${rowsMax} rows. Narrow from and to, or set limit.`)
  const suppressed = slices.flatMap(({ start, leftOut }): [string, number][] =>
    leftOut > 0 ? [[formatMoment(start), leftOut]] : [],
  )
  return {
    columns: isTotals ? totalColumns(request) : ['window', ...by, ...metrics],
    rows,
    suppressed: suppressed.reduce((sum, [, count]) => sum + count, 0),
    suppressed_in: suppressed,
    fresh_to: freshTo === undefined ? null : new Date(freshTo).toISOString(),
  }
}

/** A row for each cell, at most `limit` of a window. */
function windowRows(request: UsageRequest, slices: readonly Slice[]): UsageRow[] {
  const { by, dimensions, limit = Number.POSITIVE_INFINITY } = request
  const positions = by.map((id) => dimensions.indexOf(id))
  const figures = figuresOf(request)
  const rows: UsageRow[] = []
  for (const { start, shown } of slices) {
    const moment = formatMoment(start)
    for (const cell of shown.length > limit ? shown.slice(0, limit) : shown) {
      const row: UsageRow = [moment]
      for (const at of positions) row.push(cell.values[at]!)
      for (const of of figures) row.push(of(cell))
      rows.push(row)
    }
    if (rows.length > rowsMax) break
  }
  return rows
}

/** From a cell to each metric asked for; of a measure the mean, null when no report carried one. */
function figuresOf({ metrics, dataset }: UsageRequest): ((cell: TableCell) => number | null)[] {
  const measures = metrics.filter((metric) => dataset.measures.includes(metric))
  return metrics.map((metric) => {
    if (metric === 'events') return (cell) => cell.events
    if (metric === 'devices') return (cell) => cell.devices
    const at = 2 * measures.indexOf(metric)
    return ({ measures: sums }) => (sums[at + 1] ? sums[at]! / sums[at + 1]! : null)
  })
}

/** RFC 4180: header row, CRLF. Text that a spreadsheet would take for a formula gets an apostrophe in front. */
export function toCsv({ columns, rows }: Pick<UsageAnswer, 'columns' | 'rows'>): string {
  return [columns, ...rows].map((row) => `${row.map(csvField).join(',')}\r\n`).join('')
}

function csvField(value: string | number | null): string {
  if (value === null) return ''
  if (typeof value === 'number') return String(value)
  const harmless = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}
