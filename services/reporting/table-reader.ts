/** Reads cells from the warehouse and sorts them into windows and tables. */
import { type Dataset, isDeclaredBySet } from '../../shared/catalogue.ts'
import type { WarehouseReader } from '../../shared/warehouse/port.ts'
import type { Table } from './read-windows.ts'
import { StatementBatches } from './statement-batches.ts'
import { type Margins, submasks } from './suppression-lattice.ts'
import { ofMask } from './table-parts.ts'
import type { UsageRequest } from './usage-request.ts'
import { WindowMemory } from './window-memory.ts'

export interface WindowTables {
  /** Start; ms since the Unix epoch. */
  window: number
  /** The table over the request's dimensions, by key (JSON of the values). */
  finest: Table
  /** The table over all of the dataset's dimensions, where that was read. */
  full: Table
  /** The tables below the one that was read, for suppression. */
  margins: Margins
}

/** Starts of final windows, of the request's grain and of its days where they matter; seconds since the Unix epoch. */
export interface FinalWindows {
  own: readonly number[]
  days: readonly number[]
  /** Those of its grain that are not final, with a text that is the same as long as nothing is added to them. */
  open: ReadonlyMap<number, string>
  /** Such days, where they matter. */
  openDays: ReadonlyMap<number, string>
}

/** The mask of some dimensions over all of the dataset's. */
export function maskOf(dataset: Dataset, dimensions: readonly string[]): number {
  return dataset.dimensions.reduce((mask, id, index) => (dimensions.includes(id) ? mask | (1 << index) : mask), 0)
}

/** Most cells of the table that an answer is a slice of. */
export const tableCellsMax = 500_000

/** Reads tables: of final windows what is not in memory yet, of open ones all. */
export class TableReader {
  readonly #batches: StatementBatches
  readonly #memory: WindowMemory

  constructor(reader: WarehouseReader) {
    this.#batches = new StatementBatches(reader)
    this.#memory = new WindowMemory(this.#batches)
  }

  /** The same number twice: nothing was read from the warehouse between. Undefined: something is being read. */
  get stillness(): number | undefined {
    return this.#batches.stillness
  }

  /** How many cells of the full set each window with cells has that starts in the request's range, by start in s. */
  async sizes({ dataset, grain }: UsageRequest, final: FinalWindows): Promise<Map<number, number>> {
    const open = [...final.open.keys()].sort((a, b) => a - b)
    const sizes = await Promise.all([
      this.#memory.sizes(dataset, grain, 'final', final.own, final.open),
      this.#memory.sizes(dataset, grain, 'open', open, final.open),
    ])
    return new Map(sizes.flat())
  }

  /**
   * @param windows starts, seconds since the Unix epoch, sorted
   * @param which `all`: every table of the dataset; `coarser`: the request's and those below it; `own`: the request's only
   */
  async read(
    request: UsageRequest,
    final: FinalWindows,
    windows: readonly number[],
    which: 'all' | 'coarser' | 'own',
  ): Promise<WindowTables[]> {
    const { dataset, grain, metrics } = request
    const dimensions = which === 'all' ? dataset.dimensions : request.dimensions
    const top = 2 ** dimensions.length - 1
    const own = which === 'all' ? maskOf(dataset, request.dimensions) : top
    const masks = which === 'own' ? [top] : [top, ...submasks(top)]
    const measures = metrics.filter((metric) => dataset.measures.includes(metric))
    const of = { dataset, dimensions, measures, grain, days: final.days, openDays: [...final.openDays.keys()] }
    const versions = { windows: final.open, days: final.openDays }
    const isMarked = new Set(final.own)
    const isDeclared = (mask: number) => isDeclaredBySet(dataset, ofMask(dimensions, mask))
    // Of a final window a table that is not declared follows from the full set, so it need not be read if that is.
    const ofMarked = masks.filter((mask) => which !== 'all' || mask === own || mask === top || isDeclared(mask))
    const marked = { ...of, masks: ofMarked, windows: windows.filter((window) => isMarked.has(window)) }
    const open = { ...of, masks, windows: windows.filter((window) => !isMarked.has(window)) }
    const [ofFinal, ofOpen] = await Promise.all([
      this.#memory.read(marked, 'final', versions),
      this.#memory.read(open, 'open', versions),
    ])
    const found = new Map([...ofFinal, ...ofOpen])
    return windows.map((window) => {
      const tables = found.get(window)
      return {
        window: window * 1000,
        finest: tables?.get(own) ?? noCells,
        full: tables?.get(top) ?? noCells,
        margins: {
          devices(mask, values) {
            return tables?.get(mask)?.get(JSON.stringify(values))?.testDevices
          },
          // Weeks and months count identified senders only.
          exact(mask) {
            return grain !== 'week' && grain !== 'month' && (!isMarked.has(window) || isDeclared(mask))
          },
        },
      }
    })
  }
}

const noCells: Table = new Map()
