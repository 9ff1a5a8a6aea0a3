/**
 * The table that an answer is a slice of, with what is hidden in it. Suppression looks at a whole window: at all tables
 * of the dataset together where the window is small enough for that, else at the table asked for and its coarser ones.
 * Which of the two depends on the window alone, never on the request, so that every request sees the same cells.
 */
import { setImmediate } from 'node:timers/promises'
import { LRUCache } from 'lru-cache'
import type { Dataset } from '../../shared/catalogue.ts'
import type { WarehouseReader } from '../../shared/warehouse/port.ts'
import { type Grain, windowEnd } from '../../shared/window.ts'
import { suppress } from './suppression.ts'
import type { Cell } from './suppression-lattice.ts'
import {
  type FinalWindows,
  maskOf,
  readTables,
  type TableCell,
  tableCellsMax,
  type WindowTables,
} from './table-reader.ts'
import { finalWindowsQuery, windowSizesQuery } from './usage-query.ts'
import { tooMuch, type UsageRequest } from './usage-request.ts'

/** Cells × 4^dimensions of a window up to which all its tables are settled together: at worst some 50 ms of work. */
const togetherMax = 16_000
/** Cells read for settling windows together, in one piece and in one request. */
const togetherCellsPerPiece = 50_000
const togetherCellsMax = 2_000_000
/** Hidden cells remembered of final windows, which do not change any more. */
const rememberedMax = 500_000
const sliceMs = 10

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

/** Keys of hidden cells by mask over the dataset's dimensions; `large`: the window is not settled together. */
type Settled = ReadonlyMap<number, ReadonlySet<string>> | 'large'

export class UsageTables {
  readonly #reader: WarehouseReader
  readonly #k: number
  readonly #settled = new LRUCache<string, { hidden: Settled }>({
    maxSize: rememberedMax,
    sizeCalculation: ({ hidden }) =>
      hidden === 'large' ? 1 : [...hidden.values()].reduce((sum, keys) => sum + keys.size, 1),
  })

  /** @param k devices that a cell must have to be shown */
  constructor(reader: WarehouseReader, k: number) {
    this.#reader = reader
    this.#k = k
  }

  /**
   * All cells of the table over the request's dimensions, in no order.
   * @throws ProblemError 400 when the range has too many cells
   */
  async read(request: UsageRequest): Promise<UsageCell[]> {
    // A window that becomes final between two statements would be missing or double: then all is read again.
    for (let attempt = 1; ; attempt++) {
      const before = await this.#finalWindows(request)
      const cells = await this.#readOnce(request, before)
      const after = await this.#finalWindows(request)
      if (attempt === 3 || (after.own.length === before.own.length && after.days.length === before.days.length))
        return cells
    }
  }

  async #readOnce(request: UsageRequest, final: FinalWindows): Promise<UsageCell[]> {
    const { dataset, grain } = request
    const finals = new Set(final.own)
    const sizes = await this.#windowSizes(request, final.own)
    const known: number[] = []
    const large: number[] = []
    const pieces: number[][] = []
    let pieceCells = Number.POSITIVE_INFINITY
    let togetherCells = 0
    for (const [window, cells] of [...sizes].sort(([a], [b]) => a - b)) {
      const settled = finals.has(window) ? this.#settled.get(settledKey(dataset, grain, window)) : undefined
      if (settled && settled.hidden !== 'large') known.push(window)
      else if (cells * 4 ** dataset.dimensions.length > togetherMax) large.push(window)
      else {
        if (pieceCells + cells > togetherCellsPerPiece) {
          pieces.push([])
          pieceCells = 0
        }
        pieces.at(-1)!.push(window)
        pieceCells += cells
        togetherCells += cells
      }
    }
    if (togetherCells > togetherCellsMax) throw tooManyCells()
    const found: UsageCell[] = []
    const add = (tables: WindowTables, hiddenKeys: ReadonlySet<string>) => {
      for (const [key, cell] of tables.finest) found.push(usageCell(tables.window, cell, hiddenKeys.has(key)))
      if (found.length > tableCellsMax) throw tooManyCells()
    }
    const own = maskOf(dataset, request.dimensions)
    for (const windows of pieces) {
      await this.#eachWindow(request, final, windows, 'all', (tables) => {
        const hidden = this.#settleTogether(dataset, tables)
        if (finals.has(tables.window / 1000))
          this.#settled.set(settledKey(dataset, grain, tables.window / 1000), { hidden })
        add(tables, hidden.get(own) ?? new Set())
      })
    }
    await this.#eachWindow(request, final, large, 'coarser', (tables) =>
      add(tables, this.#settleAlone(request, tables)),
    )
    await this.#eachWindow(request, final, known, 'own', (tables) => {
      const settled = this.#settled.get(settledKey(dataset, grain, tables.window / 1000))
      // Forgotten meanwhile: rare, and hiding a window is the safe way out.
      const all = settled && settled.hidden !== 'large' ? settled.hidden.get(own) : new Set(tables.finest.keys())
      add(tables, all ?? new Set())
    })
    return found
  }

  #settleTogether(dataset: Dataset, tables: WindowTables): ReadonlyMap<number, ReadonlySet<string>> {
    const lattice = suppress(cellsOf(tables.full), dataset.dimensions.length, tables.margins, this.#k, {
      together: true,
    })
    const hidden = new Map<number, ReadonlySet<string>>()
    for (const table of lattice.values())
      if (table.anyHidden) hidden.set(table.mask, keysOf(table.cells.filter((cell) => cell.hidden)))
    return hidden
  }

  #settleAlone(request: UsageRequest, tables: WindowTables): ReadonlySet<string> {
    const count = request.dimensions.length
    const lattice = suppress(cellsOf(tables.finest), count, tables.margins, this.#k)
    return keysOf(lattice.get(2 ** count - 1)!.cells.filter((cell) => cell.hidden))
  }

  async #eachWindow(
    request: UsageRequest,
    final: FinalWindows,
    windows: readonly number[],
    which: 'all' | 'coarser' | 'own',
    settle: (tables: WindowTables) => void,
  ): Promise<void> {
    if (windows.length === 0) return
    let since = performance.now()
    for (const tables of await readTables(this.#reader, request, final, windows, which)) {
      settle(tables)
      // Collector and worker may live in this process.
      if (performance.now() - since < sliceMs) continue
      await setImmediate()
      since = performance.now()
    }
  }

  async #windowSizes(
    { dataset, grain, from, to }: UsageRequest,
    final: readonly number[],
  ): Promise<Map<number, number>> {
    const { sql, params } = windowSizesQuery(dataset, { grain, from: seconds(from), to: seconds(to), final })
    const rows = await this.#reader.select<{ w: number; n: string }>(sql, params)
    return new Map(rows.map(({ w, n }) => [w, Number(n)]))
  }

  async #finalWindows({ dataset, grain, from, to }: UsageRequest): Promise<FinalWindows> {
    const read = async (of: Grain, end: number) => {
      const { sql, params } = finalWindowsQuery(dataset, of, seconds(from), seconds(end))
      return (await this.#reader.select<{ w: number }>(sql, params)).map(({ w }) => w)
    }
    const coarse = (grain === 'week' || grain === 'month') && dataset.grains.includes('day')
    // The last week or month may start just before `to`; its days go on after it.
    return { own: await read(grain, to), days: coarse ? await read('day', windowEnd(grain, to)) : [] }
  }
}

function usageCell(window: number, { values, events, devices, measures }: TableCell, hidden: boolean): UsageCell {
  const means: (number | null)[] = []
  for (let at = 0; at < measures.length; at += 2) {
    const count = measures[at + 1]!
    means.push(count === 0 ? null : measures[at]! / count)
  }
  return { window, values, events, devices, means, hidden }
}

function cellsOf(table: ReadonlyMap<string, TableCell>): Cell[] {
  return [...table.values()].map(({ values, events, testDevices }) => ({ values, events, devices: testDevices }))
}

function keysOf(cells: readonly { values: readonly string[] }[]): Set<string> {
  return new Set(cells.map(({ values }) => JSON.stringify(values)))
}

function settledKey(dataset: Dataset, grain: Grain, window: number): string {
  return `${dataset.id}/${grain}/${window}`
}

function tooManyCells() {
  return tooMuch('The range has too many cells. Take a later `from`, an earlier `to`, or fewer dimensions.')
}

/** Up, so that a `to` within a second still takes in the window that starts at that second. */
function seconds(time: number): number {
  return Math.ceil(time / 1000)
}
