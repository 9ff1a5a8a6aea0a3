/**
 * Cells of final windows, kept in memory once they were read: they do not change any more. So a year is read from the
 * tables once, and what is asked of the warehouse after that is about the windows that are open.
 *
 * Kept are whole tables of a window (a set of dimensions), whatever of them may be shown; hiding comes after. A window
 * whose cells have been removed has no mark either, so nobody asks for it. The bound on age is for what no program here
 * does: somebody who changes the tables by hand.
 */
import { LRUCache } from 'lru-cache'
import type { Dataset } from '../../shared/catalogue.ts'
import { type Grain, windowEnd } from '../../shared/window.ts'
import { readFinal, type Table, type WindowsOfTables, type WindowsWanted } from './read-windows.ts'
import type { StatementBatches } from './statement-batches.ts'

/** Some 200 bytes each. */
const cellsMax = 400_000
const sizesMax = 100_000
const rememberedMs = 3_600_000

export class FinalCells {
  readonly #batches: StatementBatches
  readonly #tables = new LRUCache<string, Table>({
    maxSize: cellsMax,
    sizeCalculation: (table) => 1 + table.size,
    ttl: rememberedMs,
  })
  readonly #sizes = new LRUCache<string, number>({ max: sizesMax, ttl: rememberedMs })
  /** Reads that are under way, by what they are about: who asks for the same waits, and finds it. */
  readonly #reading = new Map<string, Promise<unknown>>()

  constructor(batches: StatementBatches) {
    this.#batches = batches
  }

  /** @param wanted windows all of which are final */
  async read(wanted: WindowsWanted): Promise<WindowsOfTables> {
    const names = new Map(wanted.masks.map((mask) => [mask, tableName(wanted, mask)]))
    const busy = wanted.masks.filter((mask) => this.#reading.has(names.get(mask)!))
    const free = wanted.masks.filter((mask) => !busy.includes(mask))
    const waiting = Promise.allSettled(busy.map((mask) => this.#reading.get(names.get(mask)!)))
    const found = await this.#watched(
      free.map((mask) => names.get(mask)!),
      this.#read({ ...wanted, masks: free }, names),
    )
    await waiting
    const others = await this.#read({ ...wanted, masks: busy }, names)
    for (const [window, tables] of others) for (const [mask, table] of tables) found.get(window)!.set(mask, table)
    return found
  }

  /**
   * How many cells of the full set final windows have.
   * @param windows starts, sorted; seconds since the Unix epoch
   * @returns start and number of each that has cells
   */
  async sizes(dataset: Dataset, grain: Grain, windows: readonly number[]): Promise<[number, number][]> {
    const name = `${dataset.id}/${grain}`
    await Promise.allSettled([this.#reading.get(name)])
    const known = new Map(windows.map((window) => [window, this.#sizes.get(`${name}/${window}`)]))
    const missing = windows.filter((window) => known.get(window) === undefined)
    if (missing.length > 0) {
      const part = { kind: 'sizes' as const, dataset, grain, from: missing[0]!, to: missing.at(-1)! + 1 }
      const [rows = []] = await this.#watched([name], this.#batches.rows([part]))
      const found = new Map(rows.map(({ w, e }) => [w, Number(e)]))
      for (const window of missing) {
        known.set(window, found.get(window) ?? 0)
        this.#sizes.set(`${name}/${window}`, found.get(window) ?? 0)
      }
    }
    return [...known].flatMap(([window, cells]): [number, number][] => (cells ? [[window, cells]] : []))
  }

  async #watched<T>(names: readonly string[], read: Promise<T>): Promise<T> {
    for (const name of names) this.#reading.set(name, read)
    try {
      return await read
    } finally {
      for (const name of names) if (this.#reading.get(name) === read) this.#reading.delete(name)
    }
  }

  async #read(wanted: WindowsWanted, names: ReadonlyMap<number, string>): Promise<WindowsOfTables> {
    const found: WindowsOfTables = new Map(wanted.windows.map((window) => [window, new Map()]))
    const days = daysIn(wanted)
    const keyOf = (window: number, mask: number) => `${names.get(mask)}/${window}/${days.get(window) ?? 0}`
    const missing = { windows: new Set<number>(), masks: new Set<number>() }
    for (const [window, tables] of found)
      for (const mask of wanted.masks) {
        const table = this.#tables.get(keyOf(window, mask))
        if (table) tables.set(mask, table)
        else {
          missing.windows.add(window)
          missing.masks.add(mask)
        }
      }
    if (missing.windows.size === 0) return found
    const asked = { ...wanted, windows: [...missing.windows], masks: [...missing.masks] }
    for (const [window, tables] of await readFinal(asked, this.#batches))
      for (const [mask, table] of tables) {
        this.#tables.set(keyOf(window, mask), table)
        found.get(window)!.set(mask, table)
      }
    return found
  }
}

/** How many final days each week or month has: with one more, it is read again. */
function daysIn({ grain, windows, days }: WindowsWanted): Map<number, number> {
  const counts = new Map<number, number>()
  if (grain !== 'week' && grain !== 'month') return counts
  let at = 0
  for (const window of windows) {
    const end = windowEnd(grain, window * 1000) / 1000
    while (at < days.length && days[at]! < window) at++
    const first = at
    while (at < days.length && days[at]! < end) at++
    counts.set(window, at - first)
  }
  return counts
}

function tableName({ dataset, dimensions, measures, grain }: WindowsWanted, mask: number): string {
  return `${dataset.id}/${grain}/${dimensions.filter((_, index) => mask & (1 << index))}/${measures}`
}
