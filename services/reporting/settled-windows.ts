/**
 * Windows of one grain with what suppression hides in each by itself: all tables of the dataset together where the
 * window is small enough for that, else the table asked for and its coarser ones. Which of the two depends on the window
 * alone, never on the request, so that every request sees the same cells. Closed windows are remembered.
 */
import { setImmediate } from 'node:timers/promises'
import { LRUCache } from 'lru-cache'
import type { Dataset } from '../../shared/catalogue.ts'
import type { WarehouseReader } from '../../shared/warehouse/port.ts'
import type { Grain } from '../../shared/window.ts'
import { type DatasetLink, givenBy, type Hidden, narrowedTo } from './dataset-links.ts'
import type { Table, TableCell } from './read-windows.ts'
import { suppress } from './suppression.ts'
import { type Cell, type LatticeTable, submasks } from './suppression-lattice.ts'
import type { SuppressionLink } from './suppression-links.ts'
import type { SettledWindow } from './suppression-over-time.ts'
import { type FinalWindows, maskOf, TableReader, tableCellsMax, type WindowTables } from './table-reader.ts'
import { tooMuch, type UsageRequest } from './usage-request.ts'

/** Cells × 4^dimensions of a window up to which all its tables are settled together: at worst some 50 ms of work. */
const togetherMax = 16_000
/** Cells read for settling windows together, in one piece and in one request. */
const togetherCellsPerPiece = 50_000
const togetherCellsMax = 2_000_000
/** Keys remembered of final windows, which do not change any more. */
const rememberedMax = 1_000_000
const sliceMs = 10

/** What a dataset hides that has the same cells (dataset-links.ts), in windows that are over. */
export interface ParentPatterns {
  readonly link: DatasetLink
  /** By start; seconds since the Unix epoch. */
  readonly hidden: ReadonlyMap<number, Hidden>
  /** Starts of those that do not change any more. */
  readonly final: ReadonlySet<number>
}

export interface ReadWindow extends SettledWindow {
  /** The table over the request's dimensions, by key. */
  readonly cells: ReadonlyMap<string, TableCell>
}

export class SettledWindows {
  readonly #tables: TableReader
  readonly #k: number
  readonly #remembered = new LRUCache<string, { hidden: Hidden }>({
    maxSize: rememberedMax,
    sizeCalculation: ({ hidden }) => [...hidden.values()].reduce((sum, keys) => sum + keys.size, 1),
  })

  /** Of open windows, as long as their tables are the same in memory: then no event was added. */
  readonly #ofTable = new WeakMap<Table, { hidden: Hidden; given: readonly Hidden[] }>()

  /** @param k devices that a cell must have to be shown */
  constructor(reader: WarehouseReader, k: number) {
    this.#tables = new TableReader(reader)
    this.#k = k
  }

  /** The same number twice: nothing was read from the warehouse between. Undefined: something is being read. */
  get stillness(): number | undefined {
    return this.#tables.stillness
  }

  /**
   * @param parents what datasets hide that have the same cells
   * @returns the windows with cells that start in the request's range, by start (ms since the Unix epoch)
   * @throws ProblemError 400 when the range has too many cells
   */
  async read(
    request: UsageRequest,
    final: FinalWindows,
    parents: readonly ParentPatterns[] = [],
  ): Promise<Map<number, ReadWindow>> {
    const own = maskOf(request.dataset, request.dimensions)
    const found = new Map<number, ReadWindow>()
    let cells = 0
    const add = (tables: WindowTables, hidden: Hidden) => {
      cells += tables.finest.size
      if (cells > tableCellsMax) throw tooManyCells()
      found.set(tables.window, readWindow(tables, own, hidden))
    }
    const known = await this.#settle(request, final, parents, add)
    await this.#eachWindow(request, final, [...known.keys()], 'own', (tables) =>
      add(tables, known.get(tables.window / 1000)!),
    )
    return found
  }

  /**
   * What windows hide, without the cells: what is remembered is not read.
   * @returns by start; seconds since the Unix epoch
   * @throws ProblemError 400 when the range has too many cells
   */
  async hidden(
    request: UsageRequest,
    final: FinalWindows,
    parents: readonly ParentPatterns[],
  ): Promise<ReadonlyMap<number, Hidden>> {
    const found = new Map<number, Hidden>()
    const add = (tables: WindowTables, hidden: Hidden) => void found.set(tables.window / 1000, hidden)
    for (const [window, hidden] of await this.#settle(request, final, parents, add)) found.set(window, hidden)
    return found
  }

  /** Settles what is not remembered. @returns what is */
  async #settle(
    request: UsageRequest,
    final: FinalWindows,
    parents: readonly ParentPatterns[],
    add: (tables: WindowTables, hidden: Hidden) => void,
  ): Promise<Map<number, Hidden>> {
    const { dataset, grain } = request
    const own = maskOf(dataset, request.dimensions)
    const finals = new Set(final.own)
    const { known, large, pieces } = this.#sorted(request, await this.#tables.sizes(request, final), finals)
    const remember = (tables: WindowTables, hidden: Hidden, of?: number) => {
      const window = tables.window / 1000
      const isFinal = finals.has(window) && parents.every((one) => !one.hidden.has(window) || one.final.has(window))
      if (isFinal) this.#remembered.set(keyOf(dataset, grain, window, of), { hidden })
      add(tables, hidden)
    }
    for (const windows of pieces)
      await this.#eachWindow(request, final, windows, 'all', (tables) =>
        remember(
          tables,
          this.#once(tables.full, tables, parents, (links) => this.#settleTogether(dataset, tables, links)),
        ),
      )
    await this.#eachWindow(request, final, large, 'coarser', (tables) =>
      remember(
        tables,
        this.#once(tables.finest, tables, parents, (links) => this.#settleAlone(request, tables, links)),
        own,
      ),
    )
    return known
  }

  #once(
    table: Table,
    { window }: WindowTables,
    parents: readonly ParentPatterns[],
    settle: (links: SuppressionLink[]) => Hidden,
  ): Hidden {
    const own = parents.filter((one) => one.hidden.has(window / 1000))
    const given = own.map((one) => one.hidden.get(window / 1000)!)
    const last = this.#ofTable.get(table)
    if (last && last.given.length === given.length && last.given.every((one, at) => one === given[at]))
      return last.hidden
    const hidden = settle(own.map(({ link }, at) => givenBy(link, given[at]!)))
    this.#ofTable.set(table, { hidden, given })
    return hidden
  }

  #recall(dataset: Dataset, grain: Grain, window: number, own: number): Hidden | undefined {
    const found =
      this.#remembered.get(keyOf(dataset, grain, window)) ?? this.#remembered.get(keyOf(dataset, grain, window, own))
    return found?.hidden
  }

  /** Which windows are remembered, which are settled by the table alone, and pieces of those settled together. */
  #sorted({ dataset, grain, dimensions }: UsageRequest, sizes: Map<number, number>, finals: ReadonlySet<number>) {
    const own = maskOf(dataset, dimensions)
    const known = new Map<number, Hidden>()
    const large: number[] = []
    const pieces: number[][] = []
    let pieceCells = Number.POSITIVE_INFINITY
    let togetherCells = 0
    for (const [window, cells] of [...sizes].sort(([a], [b]) => a - b)) {
      const hidden = finals.has(window) ? this.#recall(dataset, grain, window, own) : undefined
      if (hidden) known.set(window, hidden)
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
    return { known, large, pieces }
  }

  #settleTogether(dataset: Dataset, tables: WindowTables, links: readonly SuppressionLink[]): Hidden {
    const lattice = suppress(cellsOf(tables.full), dataset.dimensions.length, tables.margins, this.#k, {
      together: true,
      links,
    })
    return this.#hiddenOf(lattice.values(), (mask) => mask)
  }

  #settleAlone({ dataset, dimensions }: UsageRequest, tables: WindowTables, links: readonly SuppressionLink[]): Hidden {
    const own = maskOf(dataset, dimensions)
    const lattice = suppress(cellsOf(tables.finest), dimensions.length, tables.margins, this.#k, {
      links: links.map((link) => narrowedTo(link, own)),
    })
    return this.#hiddenOf(lattice.values(), (mask) =>
      maskOf(
        dataset,
        dimensions.filter((_, index) => mask & (1 << index)),
      ),
    )
  }

  #hiddenOf(tables: Iterable<LatticeTable>, maskOfDataset: (mask: number) => number): Hidden {
    const hidden = new Map<number, Map<string, boolean>>()
    for (const { mask, anyHidden, cells } of tables) {
      if (!anyHidden) continue
      const keys = cells
        .filter((cell) => cell.hidden)
        .map((cell) => [JSON.stringify(cell.values), cell.devices >= this.#k] as const)
      hidden.set(maskOfDataset(mask), new Map(keys))
    }
    return hidden
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
    for (const tables of await this.#tables.read(request, final, windows, which)) {
      settle(tables)
      // Collector and worker may live in this process.
      if (performance.now() - since < sliceMs) continue
      await setImmediate()
      since = performance.now()
    }
  }
}

/** The same object as long as table and hidden cells are the same, for whoever remembers what follows from it. */
const lastRead = new WeakMap<Table, { readonly hidden: Hidden; readonly read: ReadWindow }>()

function readWindow({ window, finest }: WindowTables, own: number, hidden: Hidden): ReadWindow {
  const last = lastRead.get(finest)
  if (last?.hidden === hidden && last.read.start === window) return last.read
  const below = [own, ...submasks(own)]
  const read: ReadWindow = {
    start: window,
    hidden: new Map([...hidden].filter(([mask]) => below.includes(mask))),
    cells: finest,
    has(mask, key) {
      return mask === own ? finest.has(key) : keysOf(finest, own, mask).has(key)
    },
  }
  lastRead.set(finest, { hidden, read })
  return read
}

/** Tables stay in memory, so what occurs in their coarser ones is worked out once. */
const coarserKeys = new WeakMap<Table, Map<string, ReadonlySet<string>>>()

/** The keys of the table over the dimensions of `mask`, a part of those of `own`, which the table given is over. */
function keysOf(table: Table, own: number, mask: number): ReadonlySet<string> {
  const known = coarserKeys.get(table) ?? new Map<string, ReadonlySet<string>>()
  coarserKeys.set(table, known)
  let keys = known.get(`${own}/${mask}`)
  if (!keys) {
    const project = projector(own, mask)
    keys = new Set([...table.values()].map(({ values }) => project(values)))
    known.set(`${own}/${mask}`, keys)
  }
  return keys
}

/** From a cell's values over the dimensions of `own` to its key in the table over those of `mask`, a part of them. */
export function projector(own: number, mask: number): (values: readonly string[]) => string {
  const positions: number[] = []
  let position = 0
  for (let bit = 1; bit <= own; bit <<= 1) {
    if (!(own & bit)) continue
    if (mask & bit) positions.push(position)
    position++
  }
  return (values) => JSON.stringify(positions.map((at) => values[at]))
}

function cellsOf(table: ReadonlyMap<string, TableCell>): Cell[] {
  return [...table.values()].map(({ values, events, testDevices }) => ({ values, events, devices: testDevices }))
}

/** @param own for a window that is not settled together: the table that was settled alone */
function keyOf(dataset: Dataset, grain: Grain, window: number, own?: number): string {
  return `${dataset.id}/${grain}/${window}/${own ?? ''}`
}

function tooManyCells() {
  return tooMuch('The range has too many cells. Take a later `from`, an earlier `to`, or fewer dimensions.')
}

/** Up, so that a `to` within a second still takes in the window that starts at that second. */
export function seconds(time: number): number {
  return Math.ceil(time / 1000)
}
