/**
 * Adding up: per level of each dataset, a cell's exact number of units and exact sums. Cells beyond what memory should
 * hold are written out as sorted runs and merged when they are read.
 */
import { closeSync, openSync, readSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { ExactCell } from '../../release/release-types.ts'
import type { Contribution } from './bound-unit.ts'

export const cellsInMemoryMax = 400_000
const readBytes = 256 * 1024

/** Values as the text that a cell is known by. */
export function cellOf(values: readonly string[]): string {
  return JSON.stringify(values)
}

interface Total {
  devices: number
  sums: bigint[]
}

/** Cells of all levels; `level` is an index that the caller gives meaning to. */
export class CellTotals {
  readonly #dir: string
  readonly #inMemoryMax: number
  readonly #levels: Map<string, Total>[]
  /** Files with sorted cells, by level. */
  readonly #runs: string[][]
  #cells = 0

  /** @param dir a folder of its own for runs */
  constructor(dir: string, levels: number, inMemoryMax = cellsInMemoryMax) {
    this.#dir = dir
    this.#inMemoryMax = inMemoryMax
    this.#levels = Array.from({ length: levels }, () => new Map())
    this.#runs = Array.from({ length: levels }, () => [])
  }

  /** Adds one unit's contribution to its cell. */
  add(level: number, contribution: Contribution): void {
    this.#change(level, contribution, 1)
  }

  /** Takes a contribution out again that was added, though it be written out by now. */
  subtract(level: number, contribution: Contribution): void {
    this.#change(level, contribution, -1)
  }

  /** To be called now and then between units: writes out what is too much for memory. */
  async spill(): Promise<void> {
    if (this.#cells < this.#inMemoryMax) return
    await mkdir(this.#dir, { recursive: true, mode: 0o700 })
    for (const [level, totals] of this.#levels.entries()) {
      if (totals.size === 0) continue
      const runs = this.#runs[level] as string[]
      const file = path.join(this.#dir, `${level}-${runs.length}.run`)
      const lines = sorted(totals).map(([cell, { devices, sums }]) =>
        JSON.stringify([cell, devices, ...sums.map(String)]),
      )
      await writeFile(file, `${lines.join('\n')}\n`, { mode: 0o600 })
      runs.push(file)
      totals.clear()
    }
    this.#cells = 0
  }

  /** The cells of a level, in the order of their text. Once only. */
  *cells(level: number): Generator<ExactCell> {
    const totals = this.#levels[level] as Map<string, Total>
    const sources = [...(this.#runs[level] as string[]).map(readRun), sorted(totals).values()]
    for (const [cell, { devices, sums }] of merge(sources)) {
      // Everybody in it was taken out again.
      if (devices === 0) continue
      yield { values: JSON.parse(cell) as string[], devices, sums }
    }
  }

  #change(level: number, { cell, sums }: Contribution, times: 1 | -1): void {
    const totals = this.#levels[level] as Map<string, Total>
    const changes = sums.map((value) => BigInt(times * value))
    const total = totals.get(cell)
    if (total) {
      total.devices += times
      for (const [index, change] of changes.entries()) total.sums[index] = (total.sums[index] as bigint) + change
    } else {
      totals.set(cell, { devices: times, sums: changes })
      this.#cells++
    }
  }

  async remove(): Promise<void> {
    await rm(this.#dir, { recursive: true, force: true })
  }
}

type Entry = [cell: string, total: Total]

function sorted(totals: Map<string, Total>): Entry[] {
  return [...totals].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
}

/** Entries of the same cell are added up. Few sources: the smallest is looked for. */
function* merge(sources: Iterator<Entry>[]): Generator<Entry> {
  const heads = sources.map((source) => source.next())
  for (;;) {
    let smallest: string | undefined
    for (const { done, value } of heads)
      if (!done && (smallest === undefined || value[0] < smallest)) smallest = value[0]
    if (smallest === undefined) return
    let total: Total | undefined
    for (const [index, head] of heads.entries()) {
      if (head.done || head.value[0] !== smallest) continue
      const { devices, sums } = head.value[1]
      total = total
        ? { devices: total.devices + devices, sums: total.sums.map((sum, at) => sum + (sums[at] as bigint)) }
        : { devices, sums }
      heads[index] = (sources[index] as Iterator<Entry>).next()
    }
    yield [smallest, total as Total]
  }
}

/** Synchronously: whoever draws noise goes through the cells in one go. */
function* readRun(file: string): Generator<Entry> {
  const handle = openSync(file, 'r')
  try {
    const buffer = Buffer.allocUnsafe(readBytes)
    let rest: Buffer = Buffer.alloc(0)
    for (let read = readSync(handle, buffer); read > 0; read = readSync(handle, buffer)) {
      const bytes = Buffer.concat([rest, buffer.subarray(0, read)])
      const end = bytes.lastIndexOf(10) + 1
      for (const line of bytes.toString('utf8', 0, end).split('\n')) {
        if (line === '') continue
        const [cell, devices, ...sums] = JSON.parse(line) as [string, number, ...string[]]
        yield [cell, { devices, sums: sums.map(BigInt) }]
      }
      rest = Buffer.from(bytes.subarray(end))
    }
  } finally {
    closeSync(handle)
  }
}
