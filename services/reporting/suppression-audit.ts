/**
 * What an analyst with linear algebra can work out: the unknowns are the events of a table's hidden cells, and each
 * shown coarser cell, less the shown cells below it, gives one equation. A hidden sum follows from the equations exactly
 * when its indicator lies in their row space. Two hidden cells in every row and column are not enough: two rings of
 * hidden cells joined by a single one give that one away.
 *
 * Arithmetic is modulo a prime below 2^26, so that products are exact in doubles; the coefficients are 0 and 1.
 */
import { bitsOf, type LatticeCell, type LatticeTable } from './suppression-lattice.ts'

const prime = 67_108_859
/** Steps of elimination per look at a table, some 0.1 s; beyond, only the group rule stands (a table with so many hidden
 * cells has hardly ever a single way between two of them). */
const stepsMax = 20_000_000

export interface Exposed {
  /** The hidden cells of the table that add up to the exposed one. */
  members: LatticeCell[]
  /** The shown coarser cells that it was worked out from. */
  sources: [LatticeTable, LatticeCell][]
}

/**
 * @param coarser the tables over proper subsets, settled, most dimensions first
 * @returns every cell of fewer than k devices, in `table` or a coarser one, whose events follow from what is shown
 */
export function cellsThatFollow(table: LatticeTable, coarser: readonly LatticeTable[], k: number): Exposed[] {
  const hidden = table.cells.filter((cell) => cell.hidden)
  const column = new Map(hidden.map((cell, index) => [cell, index]))
  const rowOf = (members: readonly LatticeCell[]) => ({ ones: members.map((cell) => column.get(cell)!) })
  const space = new RowSpace(hidden.length)
  const equations = equationsOf(hidden, table, coarser)
  for (const [at, { members }] of equations.entries()) if (space.add(rowOf(members), at) === 'tired') return []
  const exposed: Exposed[] = []
  for (const whole of [table, ...coarser]) {
    for (const [index, members] of membersOf(hidden, whole)) {
      if (whole.cells[index]!.devices >= k || !whole.cells[index]!.hidden) continue
      const used = space.sourcesOf(rowOf(members))
      if (used === 'tired') return []
      if (!used) continue
      const sources = [...used].map((at): [LatticeTable, LatticeCell] => [equations[at]!.whole, equations[at]!.cell])
      exposed.push({ members, sources })
    }
  }
  return exposed
}

/** A shown cell, and the hidden cells of the finest table whose sum it tells. */
interface Equation {
  whole: LatticeTable
  cell: LatticeCell
  members: LatticeCell[]
}

/** @param hidden the hidden cells of `table` */
export function equationsOf(
  hidden: readonly LatticeCell[],
  table: LatticeTable,
  coarser: readonly LatticeTable[],
): Equation[] {
  const equations: Equation[] = []
  const byMask = new Map(coarser.map((one) => [one.mask, one]))
  for (const whole of coarser) {
    const partlyHidden = bitsOf(table.mask & ~whole.mask).flatMap((bit) => {
      const between = byMask.get(whole.mask | bit)
      return between ? [cellsWithHiddenPart(between, whole)] : []
    })
    for (const [index, members] of membersOf(hidden, whole)) {
      const cell = whole.cells[index]!
      // A sum of shown cells of the table in between says nothing new.
      if (!cell.hidden && partlyHidden.every((some) => some.has(index))) equations.push({ whole, cell, members })
    }
  }
  return equations
}

/** By index of the cell of `whole` that they are part of. */
export function membersOf(hidden: readonly LatticeCell[], whole: LatticeTable): Map<number, LatticeCell[]> {
  const members = new Map<number, LatticeCell[]>()
  for (const cell of hidden) {
    const index = whole.indexOf[cell.member]!
    const list = members.get(index)
    if (list) list.push(cell)
    else members.set(index, [cell])
  }
  return members
}

/** Indices of the cells of `parent` that have a hidden cell of `between` below them. */
function cellsWithHiddenPart(between: LatticeTable, parent: LatticeTable): Set<number> {
  const some = new Set<number>()
  for (const cell of between.cells) if (cell.hidden) some.add(parent.indexOf[cell.member]!)
  return some
}

interface EchelonRow {
  at: Int32Array
  values: Float64Array
  /** The numbers of the rows given that it was made from. */
  sources: Set<number>
}

/** A row of ones, and of minus ones, at those columns. */
interface Row {
  readonly ones: readonly number[]
  readonly minus?: readonly number[]
}

/** The span of rows, kept in echelon form. */
export class RowSpace {
  readonly #rows = new Map<number, EchelonRow>()
  readonly #scratch: Float64Array
  #steps = 0
  constructor(readonly columns: number) {
    this.#scratch = new Float64Array(columns)
  }

  /**
   * Adds a row.
   * @returns the first column that the rows before cannot take away, and the sources of what is left; undefined when
   * nothing is left; `tired`: steps used up
   */
  add(row: Row, source: number): { pivot: number; sources: ReadonlySet<number> } | undefined | 'tired' {
    const { pivot, sources } = this.#reduce(row)
    if (this.#steps > stepsMax) return 'tired'
    if (pivot === this.columns) return undefined
    const scale = inverse(this.#scratch[pivot]!)
    const at: number[] = []
    for (let index = pivot; index < this.columns; index++) if (this.#scratch[index] !== 0) at.push(index)
    const values = Float64Array.from(at, (index) => (this.#scratch[index]! * scale) % prime)
    this.#rows.set(pivot, { at: Int32Array.from(at), values, sources: sources.add(source) })
    return { pivot, sources }
  }

  /**
   * The sources of the rows that the given one is made up of.
   * @param known columns from this on count as known
   * @returns undefined when it is not in the span; `tired`: steps used up
   */
  sourcesOf(row: Row, known = this.columns): Set<number> | undefined | 'tired' {
    const { pivot, sources } = this.#reduce(row, known)
    if (this.#steps > stepsMax) return 'tired'
    return pivot >= known ? sources : undefined
  }

  /**
   * Leaves in the scratch what the rows cannot take away; `pivot` is its first column, or `columns` for nothing.
   * @param stopAt the first column before this ends it, and so does this
   */
  #reduce({ ones, minus = [] }: Row, stopAt?: number): { pivot: number; sources: Set<number> } {
    const scratch = this.#scratch.fill(0)
    const sources = new Set<number>()
    for (const index of ones) scratch[index] = 1
    for (const index of minus) scratch[index] = prime - 1
    let pivot = this.columns
    const first = minus.reduce((least, index) => Math.min(least, index), Math.min(...ones))
    for (let index = first; index < (stopAt ?? this.columns) && this.#steps <= stepsMax; index++) {
      const factor = scratch[index]!
      if (factor === 0) continue
      const row = this.#rows.get(index)
      if (!row) {
        pivot = Math.min(pivot, index)
        if (stopAt !== undefined) break
        continue
      }
      this.#steps += row.at.length + row.sources.size
      for (const source of row.sources) sources.add(source)
      for (let entry = 0; entry < row.at.length; entry++) {
        const target = row.at[entry]!
        scratch[target] = (scratch[target]! + (prime - factor) * row.values[entry]!) % prime
      }
    }
    this.#steps += this.columns
    return { pivot, sources }
  }
}

/** Inverse modulo the prime, by Euclid. */
function inverse(value: number): number {
  let [low, high, a, b] = [value, prime, 1, 0]
  while (low > 1) {
    const quotient = Math.floor(high / low)
    ;[low, high, a, b] = [high - quotient * low, low, b - quotient * a, a]
  }
  return ((a % prime) + prime) % prime
}
