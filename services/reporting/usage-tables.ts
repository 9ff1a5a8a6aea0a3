/**
 * The table that an answer is a slice of, with what is hidden in it: by its windows themselves (settled-windows.ts), and
 * for the sake of each other and of longer windows (suppression-over-time.ts). So windows around those asked for are
 * read as well: the rest of their day, week or month, and these.
 */
import type { Catalogue } from '../../shared/catalogue.ts'
import type { WarehouseReader } from '../../shared/warehouse/port.ts'
import { dayMs, type Grain, windowEnd, windowStart } from '../../shared/window.ts'
import { type DatasetLink, linksOf } from './dataset-links.ts'
import type { TableCell } from './read-windows.ts'
import { type ParentPatterns, projector, type ReadWindow, SettledWindows, seconds } from './settled-windows.ts'
import { submasks } from './suppression-lattice.ts'
import { hideOverTime, isHiddenBy, type Level, loneDaysOfWeek, type Pattern } from './suppression-over-time.ts'
import { type FinalWindows, maskOf } from './table-reader.ts'
import { conditionsOf, type UsageRequest } from './usage-request.ts'
import { containerOf, longerGrains, partnerOfLoneDay, type Stretch, windowsOf } from './window-blocks.ts'
import { type WindowStates, WindowStatesReader } from './window-states.ts'

export interface UsageCell {
  /** Start of the window; ms since the Unix epoch. */
  window: number
  /** In the order of the request's `dimensions`. */
  values: readonly string[]
  events: number
  devices: number
  /** Mean per report of each measure asked for; null when no report carried one. */
  means: readonly (number | null)[]
  hidden: boolean
}

export interface UsageTable {
  /** Those that meet the request's conditions, in no order. */
  readonly cells: readonly UsageCell[]
  /** By window: keys (JSON of the values) of cells that do not occur in it, and of which that is not told. */
  readonly untold: ReadonlyMap<number, readonly string[]>
}

/** What is read of one grain. */
interface Asked {
  readonly request: UsageRequest
  readonly final: FinalWindows
  /** The same windows, as far as they are over, of datasets that have the same cells. */
  readonly parents: readonly { readonly link: DatasetLink; readonly asked: Asked }[]
}

export class UsageTables {
  readonly #states: WindowStatesReader
  readonly #windows: SettledWindows
  readonly #catalogue: Catalogue

  /** @param k devices that a cell must have to be shown */
  constructor(reader: WarehouseReader, catalogue: Catalogue, k: number) {
    this.#catalogue = catalogue
    this.#states = new WindowStatesReader(reader, catalogue)
    this.#windows = new SettledWindows(reader, k)
  }

  /**
   * The table over the request's dimensions.
   * @param now ms since the Unix epoch
   * @throws ProblemError 400 when the range has too many cells
   */
  async read(request: UsageRequest, now: number): Promise<UsageTable> {
    const requests = [...requestsAround(request), ...loneDaysAround(request)]
    // A window that becomes final between two statements would be missing or double: then all is read again.
    for (let attempt = 1; ; attempt++) {
      const still = this.#windows.stillness
      const states = await this.#states.read()
      const asked = await Promise.all(requests.map((one) => this.#asked(one, states, now)))
      const table = await this.#readOnce(request, asked, now)
      // All was in memory: it was read before the states were.
      if (still !== undefined && this.#windows.stillness === still) return table
      if (attempt === 3 || (await this.#states.stamp()) === states.stamp) return table
    }
  }

  /** Days of the dataset that has most of them whose counts do not change any more. */
  async finalDays(): Promise<number> {
    const states = await this.#states.read()
    return Math.max(
      0,
      ...this.#catalogue.datasets.map((dataset) => states.final(dataset, 'day', 0, Number.POSITIVE_INFINITY).length),
    )
  }

  async #asked(request: UsageRequest, states: WindowStates, now: number): Promise<Asked> {
    const final = await finalWindows(request, states)
    const links = linksOf(this.#catalogue, request.dataset).filter(({ parent }) =>
      parent.grains.includes(request.grain),
    )
    const parents = links.map(async (link) => {
      const { parent: dataset, dimensions } = link
      const of = { ...request, dataset, dimensions, metrics: [], by: [], where: [] }
      const asked = await this.#asked(of, states, now)
      return { link, asked: { ...asked, final: withoutUnfinished(asked.final, request.grain, now) } }
    })
    return { request, final, parents: await Promise.all(parents) }
  }

  #patternsOf(parents: Asked['parents']): Promise<ParentPatterns[]> {
    return Promise.all(
      parents.map(async ({ link, asked }) => ({
        link,
        final: new Set(asked.final.own),
        hidden: await this.#windows.hidden(asked.request, asked.final, await this.#patternsOf(asked.parents)),
      })),
    )
  }

  async #readOnce(request: UsageRequest, asked: readonly Asked[], now: number): Promise<UsageTable> {
    const { grains } = request.dataset
    const levels: (Level & { windows: ReadonlyMap<number, ReadWindow> })[] = []
    const lone = new Map<number, Pattern>()
    const count = 1 + longerGrains(request.grain, grains).length
    // All at once, so that one statement reads what is missing of all.
    const read = await Promise.all(
      asked.map(async (one) => this.#windows.read(one.request, one.final, await this.#patternsOf(one.parents))),
    )
    for (const [at, { request: one }] of asked.entries()) {
      const windows = read[at]!
      if (at < count) levels.push({ grain: one.grain, windows, range: { from: one.from, to: one.to } })
      if (one.grain !== 'day') continue
      for (const [start, { hidden }] of windows)
        if (partnerOfLoneDay(start, grains) !== undefined) lone.set(start, hidden)
    }
    const hidden = hideOverTime(levels.reverse(), lone, { grains, now })
    return tableOf(request, levels.at(-1)!.windows, hidden)
  }
}

async function finalWindows({ dataset, grain, from, to }: UsageRequest, states: WindowStates): Promise<FinalWindows> {
  const own = states.final(dataset, grain, seconds(from), seconds(to))
  const open = await states.open(dataset, grain, seconds(from), seconds(to))
  if ((grain !== 'week' && grain !== 'month') || !dataset.grains.includes('day'))
    return { own, open, days: [], openDays: new Map() }
  // The last week or month may start just before `to`; its days go on after it.
  const end = seconds(windowEnd(grain, to))
  const openDays = await states.open(dataset, 'day', seconds(from), end)
  return { own, open, days: states.final(dataset, 'day', seconds(from), end), openDays }
}

/** Nothing is promised of windows that are not over, and merging what they have so far would cost most. */
function withoutUnfinished(final: FinalWindows, grain: Grain, now: number): FinalWindows {
  return { ...final, open: new Map([...final.open].filter(([start]) => windowEnd(grain, start * 1000) <= now)) }
}

/** The request's grain in whole containers, and every longer grain around it, likewise; shortest first. */
function requestsAround(request: UsageRequest): UsageRequest[] {
  const { grains } = request.dataset
  const requests: UsageRequest[] = []
  let range: Stretch = request
  for (const grain of [request.grain, ...longerGrains(request.grain, grains)]) {
    range = wholeContainers(grain, range, grains)
    requests.push({ ...request, grain, ...range, metrics: grain === request.grain ? request.metrics : [] })
  }
  return requests
}

/** Days that are alone in their week and month, and are not among the windows around. */
function loneDaysAround(request: UsageRequest): UsageRequest[] {
  const { grain, dataset } = request
  if (!dataset.grains.includes('day')) return []
  const days = new Set<number>()
  if (grain === 'week')
    for (const week of windowsOf('week', wholeContainers('week', request, dataset.grains)))
      for (const day of loneDaysOfWeek(week, dataset.grains)) days.add(day)
  else if (grain !== 'month') {
    const { from, to } = wholeContainers('day', wholeContainers(grain, request, dataset.grains), dataset.grains)
    for (const day of [from - dayMs, to]) if (partnerOfLoneDay(day, dataset.grains) !== undefined) days.add(day)
  }
  return [...days]
    .filter((day) => day >= 0)
    .map((day) => ({ ...request, grain: 'day', from: day, to: day + dayMs, metrics: [] }))
}

function wholeContainers(grain: Grain, { from, to }: Stretch, grains: readonly Grain[]): Stretch {
  const [first, last] = [windowStart(grain, from), windowStart(grain, Math.max(from, to - 1))]
  return {
    from: Math.max(0, containerOf(grain, first, grains)?.from ?? first),
    to: containerOf(grain, last, grains)?.to ?? windowEnd(grain, last),
  }
}

/** Of the cells only those that the request's conditions ask for, as working out the others would be most of the work. */
function tableOf(
  request: UsageRequest,
  windows: ReadonlyMap<number, ReadWindow>,
  hidden: ReadonlyMap<number, readonly Pattern[]>,
): UsageTable {
  const { dataset, dimensions, from, to } = request
  const isAsked = conditionsOf(request)
  const own = maskOf(dataset, dimensions)
  const projectors = [own, ...submasks(own)].map((mask) => [mask, projector(own, mask)] as const)
  const cells: UsageCell[] = []
  const untold = new Map<number, string[]>()
  for (const start of new Set([...windows.keys(), ...hidden.keys()])) {
    if (start < from || start >= to) continue
    const patterns = hidden.get(start) ?? []
    const of = projectors.filter(([mask]) => patterns.some((pattern) => pattern.has(mask)))
    const present = windows.get(start)?.cells ?? new Map<string, TableCell>()
    for (const [key, cell] of present) {
      if (!isAsked(cell.values)) continue
      const projections = of.map(([mask, project]) => [mask, mask === own ? key : project(cell.values)] as const)
      cells.push(usageCell(start, cell, isHiddenBy(patterns, projections)))
    }
    const absent = new Set(patterns.flatMap((pattern) => [...(pattern.get(own)?.keys() ?? [])]))
    for (const key of present.keys()) absent.delete(key)
    if (absent.size > 0) untold.set(start, [...absent])
  }
  return { cells, untold }
}

function usageCell(window: number, { values, events, devices, measures }: TableCell, hidden: boolean): UsageCell {
  const means: (number | null)[] = []
  for (let at = 0; at < measures.length; at += 2) {
    const count = measures[at + 1]!
    means.push(count === 0 ? null : measures[at]! / count)
  }
  return { window, values, events, devices, means, hidden }
}
