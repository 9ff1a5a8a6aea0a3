/**
 * The table that an answer is a slice of, with what is hidden in it: by its windows themselves (settled-windows.ts), and
 * for the sake of each other and of longer windows (suppression-over-time.ts). So windows around those asked for are
 * read as well: the rest of their day, week or month, and these.
 */
import type { Catalogue } from '../../shared/catalogue.ts'
import type { WarehouseReader } from '../../shared/warehouse/port.ts'
import { dayMs, type Grain, windowEnd, windowStart } from '../../shared/window.ts'
import { type DatasetLink, linksOf } from './dataset-links.ts'
import type { Table, TableCell } from './read-windows.ts'
import { type ParentPatterns, projector, type ReadWindow, SettledWindows, seconds } from './settled-windows.ts'
import { submasks } from './suppression-lattice.ts'
import { areSame, hideOverTime, hidingOf, type Level, loneDaysOfWeek, type Pattern } from './suppression-over-time.ts'
import { type FinalWindows, maskOf } from './table-reader.ts'
import type { UsageRequest } from './usage-request.ts'
import { containerOf, longerGrains, partnerOfLoneDay, type Stretch, windowsOf } from './window-blocks.ts'
import { type WindowStates, WindowStatesReader } from './window-states.ts'

/** A window of the table that an answer is a slice of. */
export interface UsageWindow {
  /** ms since the Unix epoch. */
  readonly start: number
  /** All its cells, over the request's dimensions. */
  readonly table: Table
  /** Whether a cell of the table is left out. @param key JSON of the values */
  isHidden(key: string, cell: TableCell): boolean
  /** Keys (JSON of the values) of cells that do not occur in it, and of which that is not told. */
  readonly untold: readonly string[]
}

/** Which windows there were at some moment. */
export interface Look {
  readonly states: WindowStates
  /** Whether something was read since then is told by it. */
  readonly still: number | undefined
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

  /** A look at which windows there are, for `read`. */
  async look(): Promise<Look> {
    const still = this.#windows.stillness
    return { still, states: await this.#states.read() }
  }

  /**
   * The table over the request's dimensions: its windows in order, as they are at some moment after the look.
   * @param now ms since the Unix epoch
   * @throws ProblemError 400 when the range has too many cells
   */
  async read(request: UsageRequest, now: number, first: Look): Promise<UsageWindow[]> {
    const requests = [...requestsAround(request), ...loneDaysAround(request)]
    // A window that becomes final between two statements would be missing or double: then all is read again.
    for (let attempt = 1; ; attempt++) {
      const { still, states } = attempt === 1 ? first : await this.look()
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

  async #readOnce(request: UsageRequest, asked: readonly Asked[], now: number): Promise<UsageWindow[]> {
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

function tableOf(
  { dataset, dimensions, from, to }: UsageRequest,
  windows: ReadonlyMap<number, ReadWindow>,
  hidden: ReadonlyMap<number, readonly Pattern[]>,
): UsageWindow[] {
  const own = maskOf(dataset, dimensions)
  const projectors = new Map([own, ...submasks(own)].map((mask) => [mask, projector(own, mask)]))
  const starts = [...new Set([...windows.keys(), ...hidden.keys()])].filter((start) => start >= from && start < to)
  return starts
    .sort((a, b) => a - b)
    .map((start) => {
      const patterns = hidden.get(start) ?? []
      const table = windows.get(start)?.cells ?? noCells
      const last = lastWindows.get(table)
      if (last?.window.start === start && areSame(last.patterns, patterns)) return last.window
      const isHiding = hidingOf(patterns, [...projectors.keys()])
      const window: UsageWindow = {
        start,
        table,
        isHidden(key, { values }) {
          return isHiding((mask) => (mask === own ? key : projectors.get(mask)!(values)))
        },
        untold: absentOf(patterns, own, table),
      }
      if (table !== noCells) lastWindows.set(table, { patterns, window })
      return window
    })
}

const noCells: Table = new Map()

/** The same object as long as the table and what is hidden in it are the same, for whoever remembers what follows from it. */
const lastWindows = new WeakMap<Table, { readonly patterns: readonly Pattern[]; readonly window: UsageWindow }>()

function absentOf(patterns: readonly Pattern[], own: number, table: Table): string[] {
  const absent = new Set<string>()
  for (const pattern of patterns) for (const key of pattern.get(own)?.keys() ?? []) if (!table.has(key)) absent.add(key)
  return [...absent]
}
