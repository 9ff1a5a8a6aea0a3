/** Sets what was sent against what is in the table, cell by cell of every request. */
import { grains, type Request } from './requests.ts'
import type { StoredCell } from './simulated-warehouse.ts'

export interface Comparison {
  /** Events acknowledged and not counted. */
  lost: number
  /** Events counted more often than they are. */
  doubled: number
  /** Cells with other weights or units than were sent, and cells of nothing that was sent. */
  wrongCells: number
  /** The first few of what is wrong. */
  examples: string[]
}

const examplesMax = 5
const nothing: StoredCell = { events: 0, weight: 0, units: new Set() }

/** @param areKeysLost whether units may have got new pseudonyms on the way, and count more than once for that */
export function compare(
  requests: readonly Request[],
  cells: ReadonlyMap<string, StoredCell>,
  areKeysLost: boolean,
): Comparison {
  const result: Comparison = { lost: 0, doubled: 0, wrongCells: 0, examples: [] }
  const known = new Set<string>()
  for (const { expected, isAcknowledged } of requests) {
    const differences = new Map(grains.map((grain) => [grain as string, { lost: 0, doubled: 0 }]))
    for (const [key, wanted] of expected) {
      known.add(key)
      const cell = cells.get(key) ?? nothing
      const ofGrain = differences.get(key.split(' ')[1] ?? '')!
      // What was never acknowledged may have been counted, whole or in part.
      if (isAcknowledged) ofGrain.lost += Math.max(0, wanted.events - cell.events)
      ofGrain.doubled += Math.max(0, cell.events - wanted.events)
      const units = areKeysLost ? Math.min(cell.units.size, wanted.units.size) : cell.units.size
      const same = cell.events === wanted.events && cell.weight === wanted.weight && units === wanted.units.size
      const within = cell.events < wanted.events && cell.weight <= wanted.weight && units <= wanted.units.size
      if (same || (!isAcknowledged && within)) continue
      result.wrongCells++
      if (result.examples.length < examplesMax)
        result.examples.push(`${key}: sent ${text(wanted)}; counted ${text(cell)}`)
    }
    // Each grain counts the same events: the worst of them says how many are affected.
    result.lost += Math.max(...[...differences.values()].map(({ lost }) => lost))
    result.doubled += Math.max(...[...differences.values()].map(({ doubled }) => doubled))
  }
  for (const key of cells.keys()) if (!known.has(key)) result.wrongCells++
  return result
}

function text({ events, weight, units }: StoredCell): string {
  return `${events} events, ${units.size} units, weight ${weight}`
}
