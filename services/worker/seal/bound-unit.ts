/**
 * Bounding what one unit contributes to a release: of the cells that it has events in, the C with the smallest keyed
 * priority; in each, the M events with the smallest keyed fingerprint.
 *
 * Both are the smallest of a set, so neither the order of events nor their repetition changes anything, a cell or event
 * that was pushed out can never come back, and a unit takes bounded memory however many events it sends.
 */

/** A level of a dataset, as far as bounding goes. */
export interface LevelBound {
  /** C */
  readonly cellsMax: number
  /** M */
  readonly eventsMax: number
  /** Per measure: the most that a unit adds to a cell. */
  readonly measuresMax: readonly number[]
}

/** What a unit adds to one cell: one device, and these sums. */
export interface Contribution {
  readonly cell: string
  /** Events, then measures. */
  readonly sums: readonly number[]
}

interface KeptCell {
  readonly cell: string
  readonly priority: string
  /** Fingerprints of events, ascending, at most M. */
  readonly ids: string[]
  /** Beside `ids`; none where no measure is released. */
  readonly measures: (readonly number[])[]
}

const refusedMax = 64

/** Contributions of one unit to one level of one dataset. */
export class BoundedUnit {
  readonly #bound: LevelBound
  readonly #priorityOf: (cell: string) => string
  readonly #kept: KeptCell[] = []
  /** Cells that were found too far behind, which they stay: some, to spare their priority. */
  readonly #refused = new Set<string>()
  #worst = 0

  /** @param priorityOf keyed hash of unit, dataset, level and cell; compared as text */
  constructor(bound: LevelBound, priorityOf: (cell: string) => string) {
    this.#bound = bound
    this.#priorityOf = priorityOf
  }

  /**
   * @param id keyed fingerprint of the event (or of its natural key); the same id in a cell is one event
   * @param measures clamped values of the event; of two events with one id the larger value counts
   */
  add(cell: string, id: string, measures: readonly number[]): void {
    const kept = this.#find(cell) ?? this.#enter(cell)
    if (kept) keepSmallest(kept, id, measures, this.#bound.eventsMax)
  }

  contributions(): Contribution[] {
    const { measuresMax } = this.#bound
    return this.#kept.map(({ cell, ids, measures }) => ({
      cell,
      sums: [
        ids.length,
        ...measuresMax.map((max, index) =>
          Math.min(
            max,
            measures.reduce((sum, values) => sum + (values[index] ?? 0), 0),
          ),
        ),
      ],
    }))
  }

  #find(cell: string): KeptCell | undefined {
    for (const one of this.#kept) if (one.cell === cell) return one
    return undefined
  }

  #enter(cell: string): KeptCell | undefined {
    if (this.#refused.has(cell)) return undefined
    const priority = this.#priorityOf(cell)
    const entry: KeptCell = { cell, priority, ids: [], measures: [] }
    if (this.#kept.length < this.#bound.cellsMax) this.#kept.push(entry)
    else if (priority < (this.#kept[this.#worst] as KeptCell).priority) this.#kept[this.#worst] = entry
    else {
      if (this.#refused.size < refusedMax) this.#refused.add(cell)
      return undefined
    }
    this.#worst = this.#kept.reduce(
      (worst, one, index) => (one.priority > (this.#kept[worst] as KeptCell).priority ? index : worst),
      0,
    )
    return entry
  }
}

function keepSmallest({ ids, measures: kept }: KeptCell, id: string, measures: readonly number[], max: number): void {
  const last = ids[ids.length - 1]
  if (ids.length >= max && last !== undefined && id > last) return
  const at = placeOf(ids, id)
  if (ids[at] === id) {
    if (measures.length > 0) kept[at] = measures.map((value, index) => Math.max(value, kept[at]?.[index] ?? 0))
    return
  }
  ids.splice(at, 0, id)
  if (measures.length > 0) kept.splice(at, 0, measures)
  if (ids.length > max) {
    ids.pop()
    if (measures.length > 0) kept.pop()
  }
}

/** Index of the first that is not below `id`, by halves: M may be large. */
function placeOf(ids: readonly string[], id: string): number {
  let from = 0
  let before = ids.length
  while (from < before) {
    const middle = (from + before) >>> 1
    if ((ids[middle] as string) < id) from = middle + 1
    else before = middle
  }
  return from
}
