/** From the cells of a table to what is answered: the slice asked for, in order, as JSON or CSV. */
import { formatMoment } from './request-time.ts'
import { conditionsOf, tooMuch, type UsageRequest } from './usage-request.ts'
import type { UsageCell, UsageTable } from './usage-tables.ts'

export interface UsageAnswer {
  columns: string[]
  rows: (string | number | null)[][]
  /** Cells of the slice that were left out. */
  suppressed: number
  /** In which windows, and how many there: [start, cells]. */
  suppressed_in: [string, number][]
  /** Everything accepted before it is counted; RFC 3339 with milliseconds, null when no worker has said so yet. */
  fresh_to: string | null
}

export const rowsMax = 200_000

/**
 * @param table the table over the request's dimensions, in any order; cells that its conditions leave out may be in it
 * @param freshTo ms since the Unix epoch
 * @throws ProblemError 400 when the answer would have too many rows
 */
export function answerUsage(
  request: UsageRequest,
  { cells, untold }: UsageTable,
  freshTo: number | undefined,
): UsageAnswer {
  const { by, where, dimensions, metrics, dataset, limit = Number.POSITIVE_INFINITY } = request
  const isAsked = conditionsOf(request)
  const slice = cells.filter(({ values }) => isAsked(values))
  const byPositions = by.map((id) => dimensions.indexOf(id))
  const measures = metrics.filter((metric) => dataset.measures.includes(metric))
  const shownCells = slice.filter(({ hidden }) => !hidden)
  const shown = addedUp(
    shownCells.map((cell) => ({ cell, own: byPositions.map((at) => cell.values[at] ?? '') })),
    where.some(({ dimension, isNot }) => isNot && !by.includes(dimension)),
  ).sort((a, b) => a.cell.window - b.cell.window || b.cell.events - a.cell.events || compare(a.own, b.own))
  const rows: UsageAnswer['rows'] = []
  let [window, ofWindow, moment] = [Number.NaN, 0, '']
  for (const { cell, own } of shown) {
    ofWindow = cell.window === window ? ofWindow + 1 : 1
    if (cell.window !== window) moment = formatMoment(cell.window)
    window = cell.window
    if (ofWindow > limit) continue
    if (rows.length === rowsMax)
      throw tooMuch(`The answer would have more than ${rowsMax} rows. Narrow from and to, or set limit.`)
    const figures = metrics.map((metric) => {
      if (metric === 'events') return cell.events
      if (metric === 'devices') return cell.devices
      return cell.means[measures.indexOf(metric)] ?? null
    })
    rows.push([moment, ...own, ...figures])
  }
  const suppressed = suppressedIn(slice, untold, isAsked, where.length === 0)
  return {
    columns: ['window', ...by, ...metrics],
    rows,
    suppressed: suppressed.reduce((sum, [, count]) => sum + count, 0),
    suppressed_in: suppressed,
    fresh_to: freshTo === undefined ? null : new Date(freshTo).toISOString(),
  }
}

/**
 * The same could be asked window by window; so a chart tells what is left out from what is not there. A cell of which it
 * is not told that it does not occur counts like one that is left out. `isAll`: there is no filter.
 */
function suppressedIn(
  slice: readonly UsageCell[],
  untold: UsageTable['untold'],
  isAsked: (values: readonly string[]) => boolean,
  isAll: boolean,
): [string, number][] {
  const counts = new Map<number, number>()
  for (const { window, hidden } of slice) if (hidden) counts.set(window, (counts.get(window) ?? 0) + 1)
  for (const [window, keys] of untold) {
    const count = isAll ? keys.length : keys.filter((key) => isAsked(JSON.parse(key) as string[])).length
    if (count > 0) counts.set(window, (counts.get(window) ?? 0) + count)
  }
  return [...counts].sort(([a], [b]) => a - b).map(([window, cells]) => [formatMoment(window), cells])
}

interface Shown {
  readonly cell: UsageCell
  /** Values of `by`. */
  readonly own: readonly string[]
}

/** @param several whether more than one cell can stand behind a row: then their events are added up */
function addedUp(shown: Shown[], several: boolean): Shown[] {
  if (!several) return shown
  const rows = new Map<string, Shown>()
  for (const one of shown) {
    const key = JSON.stringify([one.cell.window, ...one.own])
    const row = rows.get(key)
    const events = (row?.cell.events ?? 0) + one.cell.events
    rows.set(key, { own: one.own, cell: { ...one.cell, events } })
  }
  return [...rows.values()]
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

function compare(a: readonly string[], b: readonly string[]): number {
  const at = a.findIndex((value, index) => value !== b[index])
  return at < 0 ? 0 : a[at]! < b[at]! ? -1 : 1
}
