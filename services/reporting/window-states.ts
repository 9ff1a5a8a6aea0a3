/**
 * Which windows are final, and which have open rows. Whoever reads cells looks before and after: a window that becomes
 * final meanwhile would be missing or double. All who ask at the same time, as the panels of a page do, are told by one
 * statement.
 */
import type { Catalogue, Dataset } from '../../shared/catalogue.ts'
import type { WarehouseReader } from '../../shared/warehouse/port.ts'
import type { Grain } from '../../shared/window.ts'
import { SharedNext } from './shared-next.ts'
import { finalMarksQuery, finalStampQuery, openEventsQuery, windowStatesQuery } from './usage-query.ts'

/** Times are starts of windows in [from, to), in seconds since the Unix epoch. */
export interface WindowStates {
  /** The same as long as the same windows are final. */
  readonly stamp: string
  /** Sorted. */
  final(dataset: Dataset, grain: Grain, from: number, to: number): number[]
  /** Those that are not final, with a text that is the same as long as nothing is added to them. */
  open(dataset: Dataset, grain: Grain, from: number, to: number): Promise<Map<number, string>>
}

interface StateRow {
  of_dataset: string
  of_grain: string
  w: number
  n: string
  hash: string
}

interface MarksRow {
  by: string
  grain: string
  windows: number[]
  n: string
  hash: string
}

interface Marks {
  readonly stamp: string
  /** By dataset and grain. */
  readonly starts: ReadonlyMap<string, readonly number[]>
}

/** What was found while nothing was written. */
interface Found {
  readonly written: number
  readonly states: WindowStates
  /** Open minutes and hours, by what they are about. */
  readonly openEvents: Map<string, { w: number; n: string }[]>
}

const openEventsMax = 1000

export class WindowStatesReader {
  readonly #reader: WarehouseReader
  readonly #catalogue: Catalogue
  readonly #looks = new SharedNext()
  #marks: Marks = { stamp: '', starts: new Map() }
  #found: Found | undefined

  constructor(reader: WarehouseReader, catalogue: Catalogue) {
    this.#reader = reader
    this.#catalogue = catalogue
  }

  /** The stamp as it is at some moment after the call. */
  async stamp(): Promise<string> {
    const found = this.#stillFound()
    if (found) return found.states.stamp
    return await this.#looks.run('stamp', async () => {
      const { sql, params } = finalStampQuery()
      const [row] = await this.#reader.select<StateRow>(sql, params)
      return stampOf(row)
    })
  }

  /** As it is at some moment after the call. */
  async read(): Promise<WindowStates> {
    const found = this.#stillFound()
    if (found) return found.states
    return await this.#looks.run('states', async () => {
      const { written } = this.#reader
      const { sql, params } = windowStatesQuery(this.#catalogue)
      const rows = await this.#reader.select<StateRow>(sql, params)
      const stamp = stampOf(rows.find(({ of_dataset }) => of_dataset === ''))
      if (this.#marks.stamp !== stamp) this.#marks = await this.#readMarks()
      const states = this.#states(this.#marks, rows)
      if (written !== undefined) this.#found = { written, states, openEvents: new Map() }
      return states
    })
  }

  /** Where this process alone writes, what was found holds until it does. */
  #stillFound(): Found | undefined {
    return this.#found?.written === this.#reader.written ? this.#found : undefined
  }

  #states({ stamp, starts }: Marks, rows: readonly StateRow[]): WindowStates {
    const final = (dataset: Dataset, grain: Grain, from: number, to: number) =>
      (starts.get(`${dataset.id}/${grain}`) ?? []).filter((start) => start >= from && start < to)
    return {
      stamp,
      final,
      open: async (dataset, grain, from, to) => {
        const isFinal = new Set(final(dataset, grain, from, to))
        const own =
          grain === 'minute' || grain === 'hour'
            ? await this.#openEvents(dataset, grain, from, to)
            : rows.filter(
                (row) => row.of_dataset === dataset.id && row.of_grain === grain && row.w >= from && row.w < to,
              )
        return new Map(own.filter(({ w }) => !isFinal.has(w)).map(({ w, n }) => [w, n]))
      },
    }
  }

  /** There are too many minutes to ask for all of them. */
  async #openEvents(dataset: Dataset, grain: Grain, from: number, to: number): Promise<{ w: number; n: string }[]> {
    const key = `${dataset.id}/${grain}/${from}/${to}`
    const found = this.#stillFound()
    const known = found?.openEvents.get(key)
    if (known) return known
    const { sql, params } = openEventsQuery(dataset, grain, from, to)
    const rows = await this.#looks.run(key, () => this.#reader.select<{ w: number; n: string }>(sql, params))
    if (found && found === this.#stillFound() && found.openEvents.size < openEventsMax) found.openEvents.set(key, rows)
    return rows
  }

  async #readMarks(): Promise<Marks> {
    const { sql, params } = finalMarksQuery()
    const rows = await this.#reader.select<MarksRow>(sql, params)
    const n = rows.reduce((sum, row) => sum + Number(row.n), 0)
    const hash = rows.reduce((all, row) => all ^ BigInt(row.hash), 0n)
    const starts = new Map(rows.map(({ by, grain, windows }) => [`${by}/${grain}`, windows.sort((a, b) => a - b)]))
    return { stamp: stampOf({ n, hash }), starts }
  }
}

function stampOf(row: { n: string | number; hash: string | bigint } | undefined): string {
  return `${row?.n ?? 0}/${row?.hash ?? 0}`
}
