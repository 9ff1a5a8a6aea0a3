/**
 * Which cells of a window's tables analysts may not see: those of fewer than `k` devices, and as many others as it takes
 * that the small ones cannot be had by subtraction. Pure: the same cells in any order give the same answer.
 *
 * The tables are those over every subset of a set X of dimensions, down to the total. Events add up from one to the
 * other, so they are settled from the coarsest to X itself, each by:
 * 1. a cell with fewer than k devices is hidden, and so is everything below a hidden cell, and what another dataset that
 *    has the same cell hides (suppression-links.ts);
 * 2. in each group of cells that sum to a shown coarser cell, the hidden ones are none, or at least two with together
 *    at least k devices and more events than cells (as many would mean one each); else the smallest shown one of the
 *    group is hidden too;
 * 3. no cell under k follows from all that is shown by linear algebra (suppression-audit.ts); rule 2 misses some.
 * A table so depends on its coarser ones only, and looks the same from whichever X it is seen.
 *
 * "Together" is what is known for sure: one sender can be in several cells, so the sum of their devices says nothing.
 * It is the largest of the hidden ones, or what the shown ones leave of the coarser cell.
 *
 * Tables of which neither is coarser (by=a, by=b) do not see each other by this. Where most combinations of values do
 * not occur, they can be the same cell (a value of a that comes with one value of b only), shown in one and hidden as a
 * complement in the other. `together` mends that when X is the full set: what still follows is answered by hiding one
 * of the cells it follows from, and settling anew; so is a group without a shown cell that has one event each.
 *
 * What windows hide for each other comes after (suppression-over-time.ts). Known limits: without `together` the above;
 * a window and itself earlier.
 */
import { cellsThatFollow, type Exposed } from './suppression-audit.ts'
import {
  bitsOf,
  type Cell,
  coarseToFine,
  type LatticeCell,
  type LatticeTable,
  type Margins,
  makeTable,
  parentCell,
  submasks,
} from './suppression-lattice.ts'
import { linkedCellsThatFollow, type SuppressionLink } from './suppression-links.ts'

export interface SuppressionOptions {
  /** X is the full set: hide across all tables what follows from all of them. */
  together?: boolean
  /** Off: only cells under k are hidden. There for the test that shows what the rest is good for. */
  complementary?: boolean
  /** Tables that another dataset has too, and what it hides there. */
  links?: readonly SuppressionLink[]
}

/** Above it a unique state is an estimate; within 1 % it is for sure (0.2 % is its standard error). */
const exactDevicesMax = 10_000
const estimateSlack = 0.01

/**
 * @param cells all cells of one window's table over X, each once
 * @param dimensionCount how many dimensions X has (0 to 8)
 * @returns the tables by mask (bit i: dimension i of X), with `hidden` set in their cells
 */
export function suppress(
  cells: readonly Cell[],
  dimensionCount: number,
  margins: Margins,
  k: number,
  { together = false, complementary = true, links = [] }: SuppressionOptions = {},
): ReadonlyMap<number, LatticeTable> {
  const full = 2 ** dimensionCount - 1
  const order = coarseToFine(full)
  const lattice = new Map(order.map((mask) => [mask, makeTable(cells, mask, dimensionCount, margins)]))
  const finest = lattice.get(full)!
  const coarser = submasks(full).map((mask) => lattice.get(mask)!)
  for (;;) {
    for (const mask of order) settle(lattice.get(mask)!, lattice, k, { complementary, links })
    if (!together || !complementary) return lattice
    const exposed = allThatFollow(finest, coarser, k, links)
    const ofOneEvent = sumsOfOneEventEach(lattice)
    if (exposed.length === 0 && ofOneEvent.length === 0) return lattice
    for (const { sources } of exposed) hide(...smallestSource(sources, links))
    for (const [table, cell] of ofOneEvent) hide(table, cell)
  }
}

/** Shown cells with as many events as hidden cells in a finer table, and none shown there. */
function sumsOfOneEventEach(lattice: ReadonlyMap<number, LatticeTable>): [LatticeTable, LatticeCell][] {
  const found: [LatticeTable, LatticeCell][] = []
  for (const table of lattice.values()) {
    if (!table.anyHidden) continue
    for (const mask of submasks(table.mask)) {
      const parent = lattice.get(mask)!
      for (const [group, index] of groupsOf(table, parent)) {
        const whole = parent.cells[index]!
        if (!whole.hidden && group.hiddenCount > 1 && whole.events === group.hiddenCount) found.push([parent, whole])
      }
    }
  }
  return found
}

function allThatFollow(
  table: LatticeTable,
  coarser: readonly LatticeTable[],
  k: number,
  links: readonly SuppressionLink[],
): Exposed[] {
  const exposed = cellsThatFollow(table, coarser, k)
  if (exposed.length > 0) return exposed
  return links.flatMap((link) => linkedCellsThatFollow(table, coarser, k, link))
}

/**
 * Of the coarser cells that something follows from, the smallest; the closest table on a draw. What another dataset
 * shows as well is hidden in vain, so only if there is nothing else.
 */
function smallestSource(
  sources: [LatticeTable, LatticeCell][],
  links: readonly SuppressionLink[],
): [LatticeTable, LatticeCell] {
  const own = sources.filter(([{ mask }]) => links.every(({ shared }) => mask & ~shared))
  return (own.length > 0 ? own : sources).reduce((best, source) =>
    smaller(best[1], source[1]) === best[1] ? best : source,
  )
}

function settle(
  table: LatticeTable,
  lattice: ReadonlyMap<number, LatticeTable>,
  k: number,
  { complementary, links }: Required<Pick<SuppressionOptions, 'complementary' | 'links'>>,
): void {
  const parents = bitsOf(table.mask).map((bit) => lattice.get(table.mask & ~bit)!)
  for (const cell of table.cells) {
    const below = complementary && parents.some((parent) => parentCell(parent, cell).hidden)
    if (cell.devices < k || below || isGiven(table, cell, links)) hide(table, cell)
  }
  if (!table.anyHidden || !complementary) return
  const coarser = submasks(table.mask).map((mask) => lattice.get(mask)!)
  for (;;) {
    settleGroups(table, coarser, k)
    if (coarser.length < 2) return
    const exposed = allThatFollow(table, coarser, k, links)
    if (exposed.length === 0) return
    let grew = false
    for (const { members } of exposed) grew = hideNear(table, coarser, members) || grew
    if (!grew) return
  }
}

function isGiven({ mask }: LatticeTable, { values }: LatticeCell, links: readonly SuppressionLink[]): boolean {
  return links.some(({ given }) => given.get(mask)?.has(JSON.stringify(values)))
}

/** Rule 2, until nothing changes. Groups of one coarser table do not overlap, so their order does not matter. */
function settleGroups(table: LatticeTable, coarser: readonly LatticeTable[], k: number): void {
  for (let grew = true; grew; ) {
    grew = false
    for (const parent of coarser) {
      for (const [group, index] of groupsOf(table, parent)) {
        const whole = parent.cells[index]!
        if (whole.hidden || group.hiddenCount === 0 || group.smallestShown === undefined) continue
        const isCrowd = devicesAtLeast(group, whole.devices, table.exact) >= k
        if (group.hiddenCount > 1 && isCrowd && group.hiddenEvents > group.hiddenCount) continue
        hide(table, group.smallestShown)
        grew = true
      }
    }
  }
}

interface Group {
  hiddenCount: number
  hiddenEvents: number
  hiddenDevicesMax: number
  shownDevices: number
  smallestShown: LatticeCell | undefined
}

function groupsOf(table: LatticeTable, parent: LatticeTable): [Group, number][] {
  const groups = new Map<number, Group>()
  for (const cell of table.cells) {
    const index = parent.indexOf[cell.member]!
    let group = groups.get(index)
    if (!group) {
      group = { hiddenCount: 0, hiddenEvents: 0, hiddenDevicesMax: 0, shownDevices: 0, smallestShown: undefined }
      groups.set(index, group)
    }
    if (cell.hidden) {
      group.hiddenCount++
      group.hiddenEvents += cell.events
      group.hiddenDevicesMax = Math.max(group.hiddenDevicesMax, cell.devices)
    } else {
      group.shownDevices += cell.devices
      group.smallestShown = smaller(group.smallestShown, cell)
    }
  }
  return [...groups].map(([index, group]) => [group, index])
}

/** How many devices the hidden cells of a group have together, at the least. */
function devicesAtLeast(group: Group, wholeDevices: number, exact: boolean): number {
  if (!exact) return group.hiddenDevicesMax
  const slack = wholeDevices > exactDevicesMax ? estimateSlack * (wholeDevices + group.shownDevices) : 0
  return Math.max(group.hiddenDevicesMax, wholeDevices - group.shownDevices - slack)
}

/** Hides the smallest shown cell in a group that one of `members` is in; the closest groups first. */
function hideNear(table: LatticeTable, coarser: readonly LatticeTable[], members: readonly LatticeCell[]): boolean {
  for (const parent of coarser) {
    const near = new Set(members.map((cell) => parent.indexOf[cell.member]!))
    let candidate: LatticeCell | undefined
    for (const cell of table.cells) {
      if (!cell.hidden && near.has(parent.indexOf[cell.member]!)) candidate = smaller(candidate, cell)
    }
    if (candidate) {
      hide(table, candidate)
      return true
    }
  }
  return false
}

function hide(table: LatticeTable, cell: LatticeCell): void {
  cell.hidden = true
  table.anyHidden = true
}

/** Cells come sorted by their values, so on a draw the earlier one stays: devices, then events, then key. */
function smaller(best: LatticeCell | undefined, cell: LatticeCell): LatticeCell {
  if (!best || cell.devices < best.devices) return cell
  return cell.devices === best.devices && cell.events < best.events ? cell : best
}
