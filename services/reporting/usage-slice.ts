/** Of each window of a table the cells that a request asks for and that are shown, in order, and how many are left out. */
import type { TableCell } from './read-windows.ts'
import { conditionsOf, type UsageRequest } from './usage-request.ts'
import type { UsageWindow } from './usage-tables.ts'

export interface Slice {
  /** Of the window; ms since the Unix epoch. */
  readonly start: number
  /** Most events first, then by the values of `by`. */
  readonly shown: readonly TableCell[]
  /** Cells that are hidden, and those of which it is not told that they do not occur. */
  readonly leftOut: number
}

/** @param windows in order */
export function sliceOf(request: UsageRequest, windows: readonly UsageWindow[]): Slice[] {
  const { by, where, dimensions } = request
  const isAsked = conditionsOf(request)
  const positions = by.map((id) => dimensions.indexOf(id))
  const first = where.find(({ isNot }) => !isNot)
  const at = first ? dimensions.indexOf(first.dimension) : -1
  // More than one cell can stand behind a row: then their events are added up.
  const isRest = where.some(({ dimension, isNot }) => isNot && !by.includes(dimension))
  return windows.map((window) => {
    const { start } = window
    const decided = decidedOf(window, positions)
    const part = first ? withValue(decided, at, first.value) : decided
    // One condition that picks a value is met by all that have it.
    const isMet = where.length === (first ? 1 : 0)
    const own = isMet ? part.shown : part.shown.filter(({ values }) => isAsked(values))
    return {
      start,
      shown: isRest ? addedUp(own, positions) : own,
      leftOut: leftOutOf(part, isMet ? undefined : isAsked),
    }
  })
}

function leftOutOf({ hidden, untold }: Decided, isAsked?: (values: readonly string[]) => boolean): number {
  if (!isAsked) return hidden.length + untold.length
  return hidden.filter(isAsked).length + untold.filter((key) => isAsked(valuesOf(key))).length
}

/** Of a window, or of those of its cells that have some value. */
interface Decided {
  readonly shown: readonly TableCell[]
  /** Values of cells that are hidden. */
  readonly hidden: readonly (readonly string[])[]
  /** Keys of cells of which it is not told that they do not occur. */
  readonly untold: readonly string[]
}

interface DecidedWindow extends Decided {
  /** By dimension's position and value. */
  readonly parts: Map<number, ReadonlyMap<string, Decided>>
}

/** Windows stay the same from one question to the next where nothing is added to them, so this is decided once. */
const decidedWindows = new WeakMap<UsageWindow, Map<string, DecidedWindow>>()

function decidedOf(window: UsageWindow, positions: readonly number[]): DecidedWindow {
  const known = decidedWindows.get(window) ?? new Map<string, DecidedWindow>()
  decidedWindows.set(window, known)
  const order = positions.join()
  let decided = known.get(order)
  if (!decided) {
    decided = decide(window, positions)
    known.set(order, decided)
  }
  return decided
}

function decide({ table, untold, isHidden }: UsageWindow, positions: readonly number[]): DecidedWindow {
  const shown: TableCell[] = []
  const hidden: (readonly string[])[] = []
  for (const [key, cell] of table)
    if (isHidden(key, cell)) hidden.push(cell.values)
    else shown.push(cell)
  return { shown: shown.sort(mostEventsFirst(positions)), hidden, untold, parts: new Map() }
}

function withValue(decided: DecidedWindow, at: number, value: string): Decided {
  let parts = decided.parts.get(at)
  if (!parts) {
    parts = partsOf(decided, at)
    decided.parts.set(at, parts)
  }
  return parts.get(value) ?? nothing
}

const nothing: Decided = { shown: [], hidden: [], untold: [] }

function partsOf({ shown, hidden, untold }: Decided, at: number): ReadonlyMap<string, Decided> {
  const parts = new Map<string, { shown: TableCell[]; hidden: (readonly string[])[]; untold: string[] }>()
  const partOf = (values: readonly string[]) => {
    const value = values[at]!
    let part = parts.get(value)
    if (!part) {
      part = { shown: [], hidden: [], untold: [] }
      parts.set(value, part)
    }
    return part
  }
  for (const cell of shown) partOf(cell.values).shown.push(cell)
  for (const values of hidden) partOf(values).hidden.push(values)
  for (const key of untold) partOf(valuesOf(key)).untold.push(key)
  return parts
}

function valuesOf(key: string): string[] {
  return JSON.parse(key) as string[]
}

function mostEventsFirst(positions: readonly number[]): (a: TableCell, b: TableCell) => number {
  return (a, b) => {
    if (a.events !== b.events) return b.events - a.events
    const at = positions.find((position) => a.values[position] !== b.values[position])
    return at === undefined ? 0 : a.values[at]! < b.values[at]! ? -1 : 1
  }
}

function addedUp(shown: readonly TableCell[], positions: readonly number[]): TableCell[] {
  const rows = new Map<string, TableCell>()
  for (const cell of shown) {
    const key = JSON.stringify(positions.map((at) => cell.values[at]))
    rows.set(key, { ...cell, events: (rows.get(key)?.events ?? 0) + cell.events })
  }
  return [...rows.values()].sort(mostEventsFirst(positions))
}
