/** Reads cells from the warehouse and sorts them into windows and tables. */
import { type Dataset, isDeclaredBySet } from '../../shared/catalogue.ts'
import type { WarehouseReader } from '../../shared/warehouse/port.ts'
import { windowEnd } from '../../shared/window.ts'
import { FinalCells } from './final-cells.ts'
import {
  readWindows,
  type SelectRows,
  type Table,
  takeLargestDays,
  type WindowsOfTables,
  type WindowsWanted,
} from './read-windows.ts'
import { type Margins, submasks } from './suppression-lattice.ts'
import { type CellRow, finalSizesQuery } from './usage-query.ts'
import { tooMuch, type UsageRequest } from './usage-request.ts'

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
  /** Those of its grain that are not final: how many cells of the full set each has. */
  open: ReadonlyMap<number, number>
  /** Days with open rows that are not final, where they matter. */
  openDays: readonly number[]
}

/** The mask of some dimensions over all of the dataset's. */
export function maskOf(dataset: Dataset, dimensions: readonly string[]): number {
  return dataset.dimensions.reduce((mask, id, index) => (dimensions.includes(id) ? mask | (1 << index) : mask), 0)
}

/** Most cells of the table that an answer is a slice of. */
export const tableCellsMax = 500_000
/** Longer statements are split: the engine takes 256 KiB. */
const tablesPerStatement = 64
const statementRowsMax = 2 * tableCellsMax

/** Reads tables: of final windows what is not in memory yet, of open ones all. */
export class TableReader {
  readonly #reader: WarehouseReader
  readonly #finals = new FinalCells()

  constructor(reader: WarehouseReader) {
    this.#reader = reader
  }

  /** How many cells of the full set each window with cells has that starts in the request's range, by start in s. */
  async sizes({ dataset, grain }: UsageRequest, final: FinalWindows): Promise<Map<number, number>> {
    const marked = await this.#finals.sizes(dataset, grain, final.own, async (windows) => {
      const asked = { grain, from: windows[0]!, to: windows.at(-1)! + 1, final: windows }
      const { sql, params } = finalSizesQuery(dataset, asked)
      const rows = await this.#reader.select<{ w: number; n: string }>(sql, params)
      return new Map(rows.map(({ w, n }) => [w, Number(n)]))
    })
    return new Map([...marked, ...final.open])
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
    const of = { dataset, dimensions, measures, grain, days: final.days }
    const isMarked = new Set(final.own)
    const isDeclared = (mask: number) => isDeclaredBySet(dataset, ofMask(dimensions, mask))
    // Of a final window a table that is not declared follows from the full set, so it need not be read if that is.
    const ofMarked = masks.filter((mask) => which !== 'all' || mask === own || mask === top || isDeclared(mask))
    const marked = windows.filter((window) => isMarked.has(window))
    const open = windows.filter((window) => !isMarked.has(window))
    const found = new Map<number, ReadonlyMap<number, Table>>([
      ...(await this.#readFinal({ ...of, masks: ofMarked, windows: marked }, final.openDays)),
      ...(await readWindows({ ...of, masks, windows: open }, 'open', this.#select)),
    ])
    return windows.map((window) => {
      const tables = found.get(window)
      return {
        window: window * 1000,
        finest: tables?.get(own) ?? noCells,
        full: tables?.get(top) ?? noCells,
        margins: {
          devices: (mask, values) => tables?.get(mask)?.get(JSON.stringify(values))?.testDevices,
          // Weeks and months count identified senders only.
          exact: (mask) => grain !== 'week' && grain !== 'month' && (!isMarked.has(window) || isDeclared(mask)),
        },
      }
    })
  }

  /** Days that came in by an import can be open in a week or month that is final. */
  async #readFinal(wanted: WindowsWanted, openDays: readonly number[]): Promise<WindowsOfTables> {
    const found = await this.#finals.read(wanted, this.#select)
    const { grain } = wanted
    if (grain !== 'week' && grain !== 'month') return found
    const windows = wanted.windows.filter((window) =>
      openDays.some((day) => day >= window && day * 1000 < windowEnd(grain, window * 1000)),
    )
    const own = new Map(
      windows.map((window) => [
        window,
        new Map([...found.get(window)!].map(([mask, table]) => [mask, new Map(table)])),
      ]),
    )
    await takeLargestDays({ ...wanted, windows }, own, ['open'], this.#select)
    return new Map([...found, ...own])
  }

  readonly #select: SelectRows = async (asked, query) => {
    const rows: CellRow[] = []
    for (let at = 0; at < asked.tables.length; at += tablesPerStatement) {
      const tables = asked.tables.slice(at, at + tablesPerStatement)
      const { sql, params } = query({ ...asked, tables, rowsMax: statementRowsMax })
      for (const row of await this.#reader.select<CellRow>(sql, params)) rows.push(row)
      if (rows.length >= statementRowsMax)
        throw tooMuch('The range has too many cells. Take a later `from`, an earlier `to`, or fewer dimensions.')
    }
    return rows
  }
}

const noCells: Table = new Map()

function ofMask(dimensions: readonly string[], mask: number): string[] {
  return dimensions.filter((_, index) => mask & (1 << index))
}
