/** Tables of windows, read from the warehouse as rows and put in order. */
import type { Dataset } from '../../shared/catalogue.ts'
import { type Grain, windowEnd } from '../../shared/window.ts'
import type { StatementBatches } from './statement-batches.ts'
import type { Part, PartRow } from './table-parts.ts'

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
  /** Starts of days, sorted, final ones and those that are not and have rows. They matter for weeks and months. */
  readonly days: readonly number[]
  readonly openDays: readonly number[]
}

/** @param stage of all the windows; days can be open in a final week or month, when they came in by an import */
export async function readWindows(
  wanted: WindowsWanted,
  stage: 'open' | 'final',
  batches: StatementBatches,
): Promise<WindowsOfTables> {
  const { windows, masks } = wanted
  const found = new Map(
    windows.map((window) => [window, new Map(masks.map((mask) => [mask, new Map<string, TableCell>()]))]),
  )
  const parts = [...cellsParts(wanted, stage), ...finalDays(wanted), ...openDays(wanted)]
  const [cells = [], ...days] = await batches.rows(parts)
  for (const row of cells) {
    const values = ownValues(row)
    const devices = Number(row.d)
    const cell = { values, events: Number(row.e), devices, testDevices: devices, measures: row.m }
    found.get(row.w)?.get(row.mask)?.set(JSON.stringify(values), cell)
  }
  for (const rows of days) takeLargestDays(found, rows)
  return found
}

function cellsParts(wanted: WindowsWanted, stage: 'open' | 'final'): Part[] {
  const { dataset, dimensions, measures, grain, masks, windows } = wanted
  if (windows.length === 0 || masks.length === 0) return []
  const range = { from: windows[0]!, to: windows.at(-1)! + 1 }
  return [{ kind: 'cells', stage, dataset, dimensions, measures, grain, masks, ...range }]
}

function finalDays(wanted: WindowsWanted): Part[] {
  const asked = daysAsked(wanted)
  return asked && wanted.days.some((day) => isIn(day, asked)) ? [{ ...asked, stage: 'final', final: [] }] : []
}

function openDays(wanted: WindowsWanted): Part[] {
  const asked = daysAsked(wanted)
  if (!asked || !wanted.openDays.some((day) => isIn(day, asked))) return []
  return [{ ...asked, stage: 'open', final: wanted.days.filter((day) => isIn(day, asked)) }]
}

function daysAsked({ dataset, dimensions, grain, masks, windows }: WindowsWanted) {
  if ((grain !== 'week' && grain !== 'month') || windows.length === 0 || masks.length === 0) return undefined
  const to = windowEnd(grain, windows.at(-1)! * 1000) / 1000
  return { kind: 'largest-days' as const, dataset, dimensions, grain, masks, from: windows[0]!, to }
}

function isIn(time: number, { from, to }: { from: number; to: number }): boolean {
  return time >= from && time < to
}

/** A week or month counts identified senders only: k is tested against its largest day too. */
function takeLargestDays(
  found: ReadonlyMap<number, ReadonlyMap<number, Map<string, TableCell>>>,
  rows: readonly PartRow[],
): void {
  for (const row of rows) {
    const table = found.get(row.w)?.get(row.mask)
    const key = JSON.stringify(ownValues(row))
    const cell = table?.get(key)
    if (cell && Number(row.d) > cell.testDevices) table!.set(key, { ...cell, testDevices: Number(row.d) })
  }
}

function ownValues({ v, mask }: PartRow): string[] {
  return v.filter((_, index) => mask & (1 << index))
}
