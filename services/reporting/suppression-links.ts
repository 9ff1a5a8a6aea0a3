/**
 * Datasets that count the same events: a parent, and a child whose tables over the shared dimensions are cells of the
 * parent's. The child hides there what the parent hides (it is given). That its other tables do not give it away, nor
 * its own small cells follow if these sums are known, is seen to here; the answer is to hide one of the cells of the
 * child that it follows from.
 *
 * The unknowns are the child's hidden cells. A linked sum y is that of the hidden cells below a shared cell. Then
 * 1. no sum over the y may follow from the child that does not follow from the linked cells that the parent shows: so
 *    every change of the parent's hidden cells that the parent's shown ones do not notice is one of the child's as well;
 * 2. no cell of the child under k may follow from the child and all y, except one that is itself made up of y, which is
 *    the parent's to hide.
 * One elimination answers both: one cell below each y is expressed by y and the others, and the columns of y come last.
 */
import { type Exposed, equationsOf, membersOf, RowSpace } from './suppression-audit.ts'
import type { LatticeCell, LatticeTable } from './suppression-lattice.ts'

/** Masks are over the dimensions of the table that is settled. */
export interface SuppressionLink {
  /** The dimensions that both datasets have. */
  readonly shared: number
  /** By mask within `shared`: keys (JSON of the values) of cells that the parent hides. */
  readonly given: ReadonlyMap<number, ReadonlySet<string>>
}

/** @param coarser the tables over proper subsets, settled, most dimensions first */
export function linkedCellsThatFollow(
  table: LatticeTable,
  coarser: readonly LatticeTable[],
  k: number,
  { shared, given }: SuppressionLink,
): Exposed[] {
  const linked = coarser.find(({ mask }) => mask === (table.mask & shared))
  // Where all is linked there is nothing else to follow from; where only the total is, all is hidden if that is.
  if (!linked || linked.mask === 0 || !linked.anyHidden) return []
  const hidden = table.cells.filter((cell) => cell.hidden)
  const sums = new LinkedSums(hidden, linked)
  const space = new RowSpace(sums.columns)
  for (const one of coarser) {
    if (one.mask & ~linked.mask) continue
    const keys = given.get(one.mask)
    for (const [index, members] of membersOf(hidden, one))
      if (!keys?.has(JSON.stringify(one.cells[index]!.values))) space.add(sums.rowOf(members), -1)
  }
  const exposed: Exposed[] = []
  const equations = equationsOf(hidden, table, coarser)
  const sourcesOf = (used: Iterable<number>) =>
    [...used]
      .filter((at) => at >= 0 && equations[at]!.whole.mask & ~shared)
      .map((at): [LatticeTable, LatticeCell] => [equations[at]!.whole, equations[at]!.cell])
  for (const [at, { members }] of equations.entries()) {
    const added = space.add(sums.rowOf(members), at)
    if (added === 'tired') return []
    if (added && added.pivot >= sums.first) exposed.push({ members, sources: sourcesOf(added.sources) })
  }
  for (const whole of [table, ...coarser])
    for (const [index, members] of membersOf(hidden, whole)) {
      if (whole.cells[index]!.devices >= k || !whole.cells[index]!.hidden || sums.isMadeOfSums(members)) continue
      const used = space.sourcesOf(sums.rowOf(members), sums.first)
      if (used === 'tired') return []
      if (used) exposed.push({ members, sources: sourcesOf(used) })
    }
  return exposed.filter(({ sources }) => sources.length > 0)
}

/** Columns: the hidden cells but one below each linked cell, then the sums below linked cells. */
class LinkedSums {
  readonly columns: number
  /** The first column of a sum. */
  readonly first: number
  readonly #groupOf = new Map<LatticeCell, number>()
  readonly #groups: LatticeCell[][]
  readonly #column = new Map<LatticeCell, number>()

  constructor(hidden: readonly LatticeCell[], linked: LatticeTable) {
    this.#groups = [...membersOf(hidden, linked).values()]
    for (const [group, members] of this.#groups.entries())
      for (const cell of members) {
        this.#groupOf.set(cell, group)
        if (cell !== members[0]) this.#column.set(cell, this.#column.size)
      }
    this.first = this.#column.size
    this.columns = hidden.length
  }

  rowOf(members: readonly LatticeCell[]): { ones: number[]; minus: number[] } {
    const ones: number[] = []
    const minus: number[] = []
    const own = new Set(members)
    for (const group of new Set(members.map((cell) => this.#groupOf.get(cell)!))) {
      const [expressed, ...others] = this.#groups[group]!
      const isExpressed = own.has(expressed!)
      if (isExpressed) ones.push(this.first + group)
      for (const cell of others) {
        if (own.has(cell) && !isExpressed) ones.push(this.#column.get(cell)!)
        if (!own.has(cell) && isExpressed) minus.push(this.#column.get(cell)!)
      }
    }
    return { ones, minus }
  }

  isMadeOfSums(members: readonly LatticeCell[]): boolean {
    const { ones, minus } = this.rowOf(members)
    return minus.length === 0 && ones.every((column) => column >= this.first)
  }
}
