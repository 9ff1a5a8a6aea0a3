/**
 * Suppression of a world that is known whole, from the pure parts that reporting has: what an analyst is told of each
 * place, with windows hiding for each other or each for itself only.
 */
import { type SuppressionOptions, suppress } from '../../../services/reporting/suppression.ts'
import { submasks } from '../../../services/reporting/suppression-lattice.ts'
import {
  hideOverTime,
  hidingOf,
  type Level,
  type Pattern,
  type SettledWindow,
} from '../../../services/reporting/suppression-over-time.ts'
import { containerOf, partnerOfLoneDay } from '../../../services/reporting/window-blocks.ts'
import { type Grain, grains, windowEnd, windowStart } from '../../../shared/window.ts'
import type { Place, TimedReport, Told } from './differencing-over-time.ts'

export interface Settings {
  dimensions: number
  grains: readonly Grain[]
  from: number
  to: number
  k: number
}

export interface TrueCell {
  values: string[]
  events: number
  devices: number
}

interface TrueWindow {
  start: number
  /** By mask and key. */
  cells: Map<number, Map<string, TrueCell>>
  settled: SettledWindow
}

export class SettledWorld {
  readonly #settings: Settings
  readonly #windows: Map<Grain, Map<number, TrueWindow>>
  readonly #hidden: Map<Grain, Map<number, Pattern[]>>

  constructor(reports: readonly TimedReport[], settings: Settings, within: SuppressionOptions = {}) {
    this.#settings = settings
    this.#windows = new Map(settings.grains.map((grain) => [grain, settleGrain(grain, reports, settings, within)]))
    this.#hidden = new Map(settings.grains.map((grain) => [grain, this.#hideOverTime(grain)]))
  }

  /** What an analyst is told. @param overTime off: each window hides for itself only */
  tell({ grain, window, mask, values }: Place, overTime = true): Told {
    if (this.isHidden(grain, window, mask, values, overTime)) return { isTold: false }
    const cell = this.#windows.get(grain)?.get(window)?.cells.get(mask)?.get(JSON.stringify(values))
    return { isTold: true, events: cell?.events ?? 0 }
  }

  /** @param values over the dimensions in the mask */
  isHidden(grain: Grain, window: number, mask: number, values: readonly string[], overTime: boolean): boolean {
    const own = this.#windows.get(grain)?.get(window)?.settled.hidden
    const patterns = overTime ? (this.#hidden.get(grain)?.get(window) ?? []) : own ? [own] : []
    const places = positions(mask)
    return hidingOf(patterns, [mask, ...submasks(mask)])((sub) =>
      JSON.stringify(values.filter((_, at) => sub & (1 << places[at]!))),
    )
  }

  /** The true cells of every window of a grain. */
  *cells(grain: Grain, mask: number): Generator<TrueCell & { window: number }> {
    for (const { start, cells } of this.#windows.get(grain)?.values() ?? [])
      for (const cell of cells.get(mask)?.values() ?? []) yield { ...cell, window: start }
  }

  #hideOverTime(grain: Grain): Map<number, Pattern[]> {
    const { grains: declared, to } = this.#settings
    const levels = [...declared]
      .reverse()
      .filter((one) => grains.indexOf(one) >= grains.indexOf(grain))
      .map(
        (one): Level => ({
          grain: one,
          windows: new Map([...this.#windows.get(one)!].map(([start, { settled }]) => [start, settled])),
          range: wholeRange(one, this.#settings),
        }),
      )
    const lone = [...(this.#windows.get('day') ?? [])].filter(
      ([start]) => partnerOfLoneDay(start, declared) !== undefined,
    )
    const patterns = new Map(lone.map(([start, { settled }]) => [start, settled.hidden]))
    return hideOverTime(levels, patterns, { grains: declared, now: to - 1 })
  }
}

function settleGrain(grain: Grain, reports: readonly TimedReport[], settings: Settings, within: SuppressionOptions) {
  const byWindow = new Map<number, TimedReport[]>()
  for (const report of reports) {
    const start = windowStart(grain, report.time)
    const own = byWindow.get(start)
    if (own) own.push(report)
    else byWindow.set(start, [report])
  }
  return new Map([...byWindow].map(([start, own]) => [start, settleWindow(grain, start, own, settings, within)]))
}

function settleWindow(
  grain: Grain,
  start: number,
  reports: readonly TimedReport[],
  { dimensions, k }: Settings,
  within: SuppressionOptions,
): TrueWindow {
  const full = 2 ** dimensions - 1
  const cells = new Map([full, ...submasks(full)].map((mask) => [mask, trueCells(reports, mask)]))
  const margins = {
    devices: (mask: number, values: readonly string[]) => cells.get(mask)?.get(JSON.stringify(values))?.devices,
    exact: () => grain !== 'week' && grain !== 'month',
  }
  const options = { together: true, ...within }
  const hidden = new Map<number, Map<string, boolean>>()
  for (const table of suppress([...cells.get(full)!.values()], dimensions, margins, k, options).values()) {
    const own = table.cells.filter((cell) => cell.hidden)
    if (own.length > 0)
      hidden.set(table.mask, new Map(own.map((cell) => [JSON.stringify(cell.values), cell.devices >= k])))
  }
  const has = (mask: number, key: string) => cells.get(mask)?.has(key) === true
  return { start, cells, settled: { start, hidden, has } }
}

function trueCells(reports: readonly TimedReport[], mask: number): Map<string, TrueCell> {
  const found = new Map<string, TrueCell & { senders: Set<number> }>()
  for (const { sender, values, events } of reports) {
    const own = values.filter((_, index) => mask & (1 << index))
    const key = JSON.stringify(own)
    const cell = found.get(key) ?? { values: own, events: 0, devices: 0, senders: new Set<number>() }
    found.set(key, cell)
    cell.events += events
    cell.senders.add(sender)
    cell.devices = cell.senders.size
  }
  return found
}

function wholeRange(grain: Grain, { grains: declared, from, to }: Settings) {
  const [first, last] = [windowStart(grain, from), windowStart(grain, to - 1)]
  return {
    from: containerOf(grain, first, declared)?.from ?? first,
    to: containerOf(grain, last, declared)?.to ?? windowEnd(grain, last),
  }
}

function positions(mask: number): number[] {
  return Array.from({ length: 8 }, (_, index) => index).filter((index) => mask & (1 << index))
}
