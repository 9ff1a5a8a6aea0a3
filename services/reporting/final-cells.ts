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
import { readWindows, type SelectRows, type Table, type WindowsOfTables, type WindowsWanted } from './read-windows.ts'

/** Some 200 bytes each. */
const cellsMax = 400_000
const sizesMax = 100_000
const rememberedMs = 3_600_000

export class FinalCells {
  readonly #tables = new LRUCache<string, Table>({
    maxSize: cellsMax,
    sizeCalculation: (table) => 1 + table.size,
    ttl: rememberedMs,
  })
  readonly #sizes = new LRUCache<string, number>({ max: sizesMax, ttl: rememberedMs })
  /** Reads that are under way, by what they are about: who asks for the same waits, and finds it. */
  readonly #reading = new Map<string, Promise<unknown>>()

  /** @param wanted windows all of which are final */
  read(wanted: WindowsWanted, select: SelectRows): Promise<WindowsOfTables> {
    const names = new Map(wanted.masks.map((mask) => [mask, tableName(wanted, mask)]))
    return this.#inTurn([...names.values()], () => this.#read(wanted, names, select))
  }

  /**
   * How many cells of the full set final windows have.
   * @param windows starts, sorted; seconds since the Unix epoch
   * @param read asks for those that are not known; windows without cells are absent
   */
  sizes(
    dataset: Dataset,
    grain: Grain,
    windows: readonly number[],
    read: (windows: readonly number[]) => Promise<ReadonlyMap<number, number>>,
  ): Promise<[number, number][]> {
    const name = `${dataset.id}/${grain}`
    return this.#inTurn([name], async () => {
      const known = windows.map((window) => [window, this.#sizes.get(`${name}/${window}`)] as const)
      const missing = known.flatMap(([window, cells]) => (cells === undefined ? [window] : []))
      const found = missing.length > 0 ? await read(missing) : new Map<number, number>()
      for (const window of missing) this.#sizes.set(`${name}/${window}`, found.get(window) ?? 0)
      return known
        .map(([window, cells]): [number, number] => [window, cells ?? found.get(window) ?? 0])
        .filter(([, cells]) => cells > 0)
    })
  }

  async #inTurn<T>(names: readonly string[], task: () => Promise<T>): Promise<T> {
    const before = new Set(names.flatMap((name) => this.#reading.get(name) ?? []))
    const read = Promise.allSettled(before).then(task)
    for (const name of names) this.#reading.set(name, read)
    try {
      return await read
    } finally {
      for (const name of names) if (this.#reading.get(name) === read) this.#reading.delete(name)
    }
  }

  async #read(wanted: WindowsWanted, names: ReadonlyMap<number, string>, select: SelectRows): Promise<WindowsOfTables> {
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
    for (const [window, tables] of await readWindows(asked, 'final', select))
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
