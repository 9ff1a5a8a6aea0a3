/** Sets what was sent against what was counted, batch by batch and cell by cell. */
import { type Batch, comparedGrains } from './batches.ts'
import type { CountedCells } from './counted-cells.ts'

export interface Comparison {
  /** Events sent and acknowledged, and not counted. */
  lost: number
  /** Events counted more often than sent. */
  doubled: number
  /** Cells whose devices or weights are not those sent. */
  wrongCells: number
  /** Cells of batches that were never sent. */
  strangeCells: number
  /** The first few of what is wrong. */
  examples: string[]
}

const examplesMax = 10

export function compareCounts(batches: readonly Batch[], counted: CountedCells): Comparison {
  const result: Comparison = { lost: 0, doubled: 0, wrongCells: 0, strangeCells: 0, examples: [] }
  const note = (text: string) => {
    if (result.examples.length < examplesMax) result.examples.push(text)
  }
  const known = new Set<string>()
  for (const batch of batches) {
    const differences = new Map(comparedGrains.map((grain) => [grain as string, { lost: 0, doubled: 0 }]))
    for (const [key, expected] of batch.expected) {
      known.add(key)
      const cell = counted.get(key) ?? { events: 0, devices: 0, weight: 0 }
      const ofGrain = differences.get(key.split(' ')[1] ?? '')!
      ofGrain.lost += Math.max(0, expected.events - cell.events)
      ofGrain.doubled += Math.max(0, cell.events - expected.events)
      const sameWeight = cell.weight === undefined || cell.weight === expected.weight
      if (cell.devices !== expected.devices.size || !sameWeight) result.wrongCells++
      if (cell.events !== expected.events || cell.devices !== expected.devices.size || !sameWeight)
        note(
          `${key}: sent ${expected.events} events, ${expected.devices.size} devices, weight ${expected.weight}; counted ${cell.events}, ${cell.devices}, ${cell.weight ?? '?'}`,
        )
    }
    // Each grain counts the same events: the worst of them says how many are affected.
    result.lost += Math.max(...[...differences.values()].map(({ lost }) => lost))
    result.doubled += Math.max(...[...differences.values()].map(({ doubled }) => doubled))
  }
  for (const key of counted.keys()) {
    if (known.has(key)) continue
    result.strangeCells++
    note(`${key}: counted, and never sent`)
  }
  return result
}
