/**
 * An analyst who asks for every table and solves for what is hidden: exact arithmetic over fractions, by a way of its
 * own (no code shared with the suppression it attacks). Also makes small random tables from senders and their reports.
 */
import { type SuppressionOptions, suppress } from '../../../services/reporting/suppression.ts'
import type { Cell } from '../../../services/reporting/suppression-lattice.ts'

import { narrow } from './differencing-over-time.ts'

/** One sender's events in one cell of the full table. */
export interface Report {
  sender: number
  values: string[]
  events: number
}

export interface AskedCell {
  mask: number
  key: string
  shown: boolean
  events: number
  devices: number
  /** Indices of the cells of the full table that it sums. */
  members: number[]
}

/** Every table over every subset of the dimensions, suppressed as `by` would be. */
export function askEverything(
  reports: Report[],
  dimensions: number,
  k: number,
  options: SuppressionOptions = {},
): AskedCell[] {
  const full = 2 ** dimensions - 1
  const base = new Map(tableOf(reports, full).map((cell, index) => [cell.values.join('|'), index]))
  const asked: AskedCell[] = []
  for (let mask = 0; mask <= full; mask++) {
    const hidden = hiddenKeys(reports, dimensions, mask, k, options)
    for (const cell of tableOf(reports, mask)) {
      const key = cell.values.join('|')
      const members = new Set<number>()
      for (const report of reports)
        if (project(report.values, mask).join('|') === key) members.add(base.get(report.values.join('|'))!)
      asked.push({
        mask,
        key,
        shown: !hidden.has(key),
        events: cell.events,
        devices: cell.devices,
        members: [...members],
      })
    }
  }
  return asked
}

/** What `suppress` hides of the table over `mask`, asked for alone, or with all the others if `together`. */
export function hiddenKeys(
  reports: Report[],
  dimensions: number,
  mask: number,
  k: number,
  options: SuppressionOptions = {},
): Set<string> {
  const seen = options.together ? 2 ** dimensions - 1 : mask
  const positions = positionsOf(seen, dimensions)
  const devices = new Map<string, number>()
  for (let sub = 0; sub < 2 ** positions.length; sub++)
    for (const cell of tableOf(reports, widen(sub, positions)))
      devices.set(`${sub}:${cell.values.join('|')}`, cell.devices)
  const margins = {
    devices: (sub: number, values: readonly string[]) => devices.get(`${sub}:${values.join('|')}`),
    exact: () => true,
  }
  const lattice = suppress(tableOf(reports, seen), positions.length, margins, k, options)
  const own = [...lattice.values()].find((table) => widen(table.mask, positions) === mask)
  return new Set(own?.cells.filter(({ hidden }) => hidden).map(({ values }) => values.join('|')))
}

/** The true table over `mask`. */
export function tableOf(reports: Report[], mask: number): Cell[] {
  const found = new Map<string, { values: string[]; events: number; senders: Set<number> }>()
  for (const report of reports) {
    const values = project(report.values, mask)
    const key = values.join('|')
    const cell = found.get(key) ?? { values, events: 0, senders: new Set<number>() }
    found.set(key, cell)
    cell.events += report.events
    cell.senders.add(report.sender)
  }
  return [...found.values()].map(({ values, events, senders }) => ({ values, events, devices: senders.size }))
}

/** A mask of the dimensions at `positions` as a mask of all. */
function widen(sub: number, positions: number[]): number {
  return positions.reduce((sum, position, index) => (sub & (1 << index) ? sum | (1 << position) : sum), 0)
}

/**
 * The hidden cells under k whose events the attacker knows for sure.
 * @param equal sums of cells of which it is known that they are the same
 */
export function workedOut(asked: AskedCell[], k: number, equal: [number[], number[]][] = []): AskedCell[] {
  const same = equal.map(([some, others]): Row => new Map([...indicator(some), ...indicator(others, -1n)]))
  const known = rowsInEchelon([...same, ...asked.filter(({ shown }) => shown).map(({ members }) => indicator(members))])
  return asked.filter(({ shown, devices, members }) => !shown && devices < k && follows(known, indicator(members)))
}

/** The hidden cells under k whose events follow because every cell of the full table has at least one. */
export function narrowedDown(asked: AskedCell[], k: number): AskedCell[] {
  const columns = Math.max(...asked.flatMap(({ members }) => members)) + 1
  const told = asked.filter(({ shown }) => shown).map(({ members, events }) => ({ columns: members, sum: events }))
  const { low, high } = narrow(told, columns, 1)
  const sum = (of: Float64Array, members: number[]) => members.reduce((total, index) => total + of[index]!, 0)
  return asked.filter(
    ({ shown, devices, members }) => !shown && devices < k && sum(low, members) === sum(high, members),
  )
}

type Row = Map<number, [bigint, bigint]>

function indicator(members: number[], value = 1n): Row {
  return new Map(members.map((index) => [index, [value, 1n]]))
}

function rowsInEchelon(rows: Row[]): Map<number, Row> {
  const echelon = new Map<number, Row>()
  for (const row of rows) {
    const rest = reduce(echelon, row)
    if (rest.size === 0) continue
    const pivot = Math.min(...rest.keys())
    const [top, bottom] = rest.get(pivot)!
    echelon.set(pivot, new Map([...rest].map(([index, [a, b]]) => [index, normal(a * bottom, b * top)])))
  }
  return echelon
}

function follows(echelon: Map<number, Row>, row: Row): boolean {
  return reduce(echelon, row).size === 0
}

function reduce(echelon: Map<number, Row>, row: Row): Row {
  const rest = new Map(row)
  for (;;) {
    const next = [...rest.keys()].sort((a, b) => a - b).find((index) => echelon.has(index))
    if (next === undefined) return rest
    const [a, b] = rest.get(next)!
    for (const [index, [c, d]] of echelon.get(next)!) {
      const [e, f] = rest.get(index) ?? [0n, 1n]
      const value = normal(e * b * d - a * c * f, f * b * d)
      if (value[0] === 0n) rest.delete(index)
      else rest.set(index, value)
    }
  }
}

function normal(a: bigint, b: bigint): [bigint, bigint] {
  let [x, y] = [a < 0n ? -a : a, b < 0n ? -b : b]
  while (y > 0n) [x, y] = [y, x % y]
  const sign = b < 0n ? -1n : 1n
  return [(sign * a) / (x || 1n), (sign * b) / (x || 1n)]
}

function project(values: string[], mask: number): string[] {
  return values.filter((_, index) => mask & (1 << index))
}

function positionsOf(mask: number, dimensions: number): number[] {
  return Array.from({ length: dimensions }, (_, index) => index).filter((index) => mask & (1 << index))
}
