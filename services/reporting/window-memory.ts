/**
 * Cells of windows, kept in memory once they were read. Those of a final window do not change any more, so a year is read
 * from the tables once; those of an open one hold as long as nothing is added to it.
 *
 * Kept are whole tables of a window (a set of dimensions), whatever of them may be shown; hiding comes after. A window
 * whose cells have been removed has no mark either, so nobody asks for it. The bound on age is for what no program here
 * does: somebody who changes the tables by hand.
 */
import { LRUCache } from 'lru-cache'
import type { Dataset } from '../../shared/catalogue.ts'
import { type Grain, windowEnd } from '../../shared/window.ts'
import { readWindows, type Table, type WindowsOfTables, type WindowsWanted } from './read-windows.ts'
import type { StatementBatches } from './statement-batches.ts'

/** Some 200 bytes each. */
const cellsMax = 800_000
const sizesMax = 100_000
const rememberedMs = 3_600_000

/** Of windows and of days that are open, by start. */
export interface Versions {
  readonly windows: ReadonlyMap<number, string>
  readonly days: ReadonlyMap<number, string>
}

export class WindowMemory {
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

  /**
   * @param stage of all windows wanted
   * @param versions of windows and days that are open, by start: the same as long as nothing is added to them
   */
  async read(wanted: WindowsWanted, stage: 'open' | 'final', versions: Versions): Promise<WindowsOfTables> {
    const names = new Map(wanted.masks.map((mask) => [mask, `${stage}/${tableName(wanted, mask)}`]))
    const version = versionsOf(wanted, versions)
    const read = (masks: readonly number[]) =>
      this.#read({ ...wanted, masks }, stage, (window, mask) => `${names.get(mask)}/${version(window)}`)
    const busy = wanted.masks.filter((mask) => this.#reading.has(names.get(mask)!))
    const free = wanted.masks.filter((mask) => !busy.includes(mask))
    const waiting = Promise.allSettled(busy.map((mask) => this.#reading.get(names.get(mask)!)))
    const found = await this.#watched(
      free.map((mask) => names.get(mask)!),
      read(free),
    )
    await waiting
    const others = await read(busy)
    for (const [window, tables] of others) for (const [mask, table] of tables) found.get(window)!.set(mask, table)
    return found
  }

  /**
   * How many cells of the full set windows have.
   * @param windows starts, sorted; seconds since the Unix epoch
   * @param versions of those that are open
   * @returns start and number of each that has cells
   */
  async sizes(
    dataset: Dataset,
    grain: Grain,
    stage: 'open' | 'final',
    windows: readonly number[],
    versions: ReadonlyMap<number, string>,
  ): Promise<[number, number][]> {
    const name = `${dataset.id}/${grain}/${stage}`
    await Promise.allSettled([this.#reading.get(name)])
    const keyOf = (window: number) => `${name}/${window}/${versions.get(window) ?? ''}`
    const known = new Map(windows.map((window) => [window, this.#sizes.get(keyOf(window))]))
    const missing = windows.filter((window) => known.get(window) === undefined)
    if (missing.length > 0) {
      const part = { kind: 'sizes' as const, stage, dataset, grain, from: missing[0]!, to: missing.at(-1)! + 1 }
      const [rows = []] = await this.#watched([name], this.#batches.rows([part]))
      const found = new Map(rows.map(({ w, e }) => [w, Number(e)]))
      for (const window of missing) {
        known.set(window, found.get(window) ?? 0)
        this.#sizes.set(keyOf(window), found.get(window) ?? 0)
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

  async #read(
    wanted: WindowsWanted,
    stage: 'open' | 'final',
    keyOf: (window: number, mask: number) => string,
  ): Promise<WindowsOfTables> {
    const found: WindowsOfTables = new Map(wanted.windows.map((window) => [window, new Map()]))
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
    for (const [window, tables] of await readWindows(asked, stage, this.#batches))
      for (const [mask, table] of tables) {
        this.#tables.set(keyOf(window, mask), table)
        found.get(window)!.set(mask, table)
      }
    return found
  }
}

/** What a window's cells depend on: itself, and its days if it is a week or month. */
function versionsOf({ grain, windows, days, openDays }: WindowsWanted, versions: Versions): (window: number) => string {
  const isLong = grain === 'week' || grain === 'month'
  const found = new Map(
    windows.map((window) => {
      const own = `${window}/${versions.windows.get(window) ?? ''}`
      if (!isLong) return [window, own]
      const end = windowEnd(grain, window * 1000) / 1000
      const open = within(openDays, window, end).map((day) => `${day}:${versions.days.get(day)}`)
      return [window, `${own}/${within(days, window, end).length}/${open}`]
    }),
  )
  return (window) => found.get(window)!
}

function within(times: readonly number[], from: number, to: number): number[] {
  return times.filter((time) => time >= from && time < to)
}

function tableName({ dataset, dimensions, measures, grain }: WindowsWanted, mask: number): string {
  return `${dataset.id}/${grain}/${dimensions.filter((_, index) => mask & (1 << index))}/${measures}`
}
