/** Tables of windows, read from the warehouse as rows and put in order. */
import type { Dataset } from '../../shared/catalogue.ts'
import { type Grain, windowEnd } from '../../shared/window.ts'
import { type CellRow, type CellsAsked, cellsQuery, largestDayQuery, type Query } from './usage-query.ts'

export interface TableCell {
  readonly values: readonly string[]
  readonly events: number
  /** Devices as they are shown. */
  readonly devices: number
  /** Devices for the test against k: for weeks and months also those of the largest day. */
  readonly testDevices: number
  /** For each measure asked for: sum, count. */
  readonly measures: readonly number[]
}

/** Cells by key (JSON of the values). */
export type Table = ReadonlyMap<string, TableCell>

/** By window (seconds since the Unix epoch) and mask; a table without cells is empty. */
export type WindowsOfTables = Map<number, Map<number, Table>>

export interface WindowsWanted {
  readonly dataset: Dataset
  /** What the masks are about. */
  readonly dimensions: readonly string[]
  readonly measures: readonly string[]
  readonly grain: Grain
  readonly masks: readonly number[]
  /** Starts, sorted; seconds since the Unix epoch. */
  readonly windows: readonly number[]
  /** Starts of final days, sorted. They matter where the grain is week or month. */
  readonly days: readonly number[]
}

/** Reads all rows of a question, within bounds. */
export type SelectRows = (asked: Omit<CellsAsked, 'rowsMax'>, query: (asked: CellsAsked) => Query) => Promise<CellRow[]>

/**
 * @param stage `final`: all windows are, and days that are not are left out; `open`: none of the windows is, their days
 *   can be either
 */
export async function readWindows(
  wanted: WindowsWanted,
  stage: 'open' | 'final',
  select: SelectRows,
): Promise<WindowsOfTables> {
  const { windows, masks } = wanted
  const found = new Map(
    windows.map((window) => [window, new Map(masks.map((mask) => [mask, new Map<string, TableCell>()]))]),
  )
  if (windows.length === 0 || masks.length === 0) return found
  const { dataset, dimensions, measures, grain } = wanted
  const asked = {
    ...{ dataset, dimensions, measures, grain },
    from: windows[0]!,
    to: windows.at(-1)! + 1,
    final: stage === 'final' ? windows : [],
    tables: masks.map((mask) => ({ mask, stage })),
  }
  for (const row of await select(asked, cellsQuery)) {
    const values = ownValues(row)
    const devices = Number(row.d)
    const cell = { values, events: Number(row.e), devices, testDevices: devices, measures: row.m }
    found.get(row.w)?.get(row.mask)?.set(JSON.stringify(values), cell)
  }
  await takeLargestDays(wanted, found, stage === 'final' ? ['final'] : ['final', 'open'], select)
  return found
}

/** A week or month counts identified senders only: k is tested against its largest day too. */
export async function takeLargestDays(
  { dataset, dimensions, grain, masks, windows, days }: WindowsWanted,
  found: ReadonlyMap<number, ReadonlyMap<number, Map<string, TableCell>>>,
  stages: readonly ('open' | 'final')[],
  select: SelectRows,
): Promise<void> {
  if ((grain !== 'week' && grain !== 'month') || !dataset.grains.includes('day') || windows.length === 0) return
  const from = windows[0]!
  const to = windowEnd(grain, windows.at(-1)! * 1000) / 1000
  const final = days.filter((day) => day >= from && day < to)
  const tables = stages
    .filter((stage) => stage === 'open' || final.length > 0)
    .flatMap((stage) => masks.map((mask) => ({ mask, stage })))
  if (tables.length === 0) return
  const asked = { dataset, dimensions, measures: [], grain: 'day' as const, from, to, final, tables }
  for (const row of await select(asked, (some) => largestDayQuery(some, grain))) {
    const table = found.get(row.w)?.get(row.mask)
    const key = JSON.stringify(ownValues(row))
    const cell = table?.get(key)
    if (cell && Number(row.d) > cell.testDevices) table!.set(key, { ...cell, testDevices: Number(row.d) })
  }
}

function ownValues({ v, mask }: CellRow): string[] {
  return v.filter((_, index) => mask & (1 << index))
}
