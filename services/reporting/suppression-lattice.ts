/**
 * The tables over every subset of a set X of dimensions, as suppression walks them. A subset is a bit mask: bit i stands
 * for dimension i of X.
 */

/** A cell of X: its values in the order of X's dimensions, and the devices that the test against k uses. */
export interface Cell {
  readonly values: readonly string[]
  readonly events: number
  readonly devices: number
}

/** What is known of the tables over subsets of X; bit i of `mask` stands for dimension i of X. */
export interface Margins {
  /** Devices of the coarser cell with those values (of the dimensions in the mask, in order); undefined: not known. */
  devices(mask: number, values: readonly string[]): number | undefined
  /** Whether `devices` counts every sender of a cell (up to the sketch's error), and not only some of them. */
  exact(mask: number): boolean
}

/** One table of the lattice, cells sorted by their values in it. */
export interface LatticeTable {
  readonly mask: number
  readonly exact: boolean
  readonly cells: LatticeCell[]
  /** For each cell of X (in the order given), the index of the cell of this table that it is part of. */
  readonly indexOf: Int32Array
  /** Whether any cell is hidden: most tables have none and are passed by. */
  anyHidden: boolean
}

export interface LatticeCell {
  /** Values of the table's own dimensions, in order. */
  readonly values: readonly string[]
  events: number
  devices: number
  hidden: boolean
  /** Index of some cell of X that is part of this one. */
  readonly member: number
}

/** The table over the dimensions in `mask`, added up from the cells of X. */
export function makeTable(
  finest: readonly Cell[],
  mask: number,
  dimensionCount: number,
  margins: Margins,
): LatticeTable {
  const isFinest = mask === 2 ** dimensionCount - 1
  const positions = Array.from({ length: dimensionCount }, (_, index) => index).filter((index) => mask & (1 << index))
  const found = new Map<string, LatticeCell>()
  const cellOf = finest.map((part, member) => {
    const values = isFinest ? part.values : positions.map((position) => part.values[position]!)
    const key = JSON.stringify(values)
    let cell = found.get(key)
    if (!cell) {
      cell = { values, events: 0, devices: 0, hidden: false, member }
      found.set(key, cell)
    }
    cell.events += part.events
    // A union has at least as many devices as its largest part: what stands if nothing better is known.
    cell.devices = Math.max(cell.devices, part.devices)
    return cell
  })
  // By their own values, so that the table is the same whichever X it is seen from.
  const cells = [...found.values()].sort((a, b) => compareValues(a.values, b.values))
  const index = new Map(cells.map((cell, at) => [cell, at]))
  if (!isFinest) for (const cell of cells) cell.devices = margins.devices(mask, cell.values) ?? cell.devices
  return {
    mask,
    exact: margins.exact(mask),
    cells,
    indexOf: Int32Array.from(cellOf, (cell) => index.get(cell)!),
    anyHidden: false,
  }
}

/** The cell of a coarser table that `cell` is part of. */
export function parentCell(parent: LatticeTable, cell: LatticeCell): LatticeCell {
  return parent.cells[parent.indexOf[cell.member]!]!
}

/** All subsets of `full`, fewest dimensions first. */
export function coarseToFine(full: number): number[] {
  return [...submasks(full).reverse(), full]
}

/** The proper subsets of a mask, most dimensions first. */
export function submasks(mask: number): number[] {
  const found: number[] = []
  for (let sub = mask - 1; sub >= 0; sub--) if ((sub & mask) === sub) found.push(sub)
  return found.sort((a, b) => bitsOf(b).length - bitsOf(a).length || b - a)
}

/** The single bits set in a mask. */
export function bitsOf(mask: number): number[] {
  const bits: number[] = []
  for (let bit = 1; bit <= mask; bit <<= 1) if (mask & bit) bits.push(bit)
  return bits
}

/** Order of value lists, by code unit. */
export function compareValues(a: readonly string[], b: readonly string[]): number {
  for (let index = 0; index < a.length; index++) {
    if (a[index] !== b[index]) return a[index]! < b[index]! ? -1 : 1
  }
  return 0
}
