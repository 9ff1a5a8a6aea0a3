/** The same day with and without a victim; everybody else belongs to the attacker, who knows all of both. */
import type { ExactCell, ReleaseRow, ReleaseSpecification } from '../../../services/release/release-types.ts'
import { toNumber } from '../../../shared/fraction.ts'
import type { Cells } from './mechanism.ts'

export interface Scene {
  readonly specification: ReleaseSpecification
  readonly without: Cells
  readonly with: Cells
}

/** What the attacker reads: rows as published, from memory or parsed from bytes. */
export type PublishedRow = Pick<ReleaseRow, 'level' | 'values' | 'devices' | 'sums'>

/** How much more likely rows are with the victim than without: above 0, in; as a logarithm. */
export type Evidence = (rows: readonly PublishedRow[]) => number

interface Expectation {
  readonly without: number
  readonly difference: number
  readonly variance: number
}

/**
 * The best test there is where all cells are published (Neyman, Pearson): the sum over numbers of
 * ((x - without)·Δ - Δ²/2) / σ².
 * @param only 'devices' of one level, or everything
 */
export function likelihoodRatio(scene: Scene, only?: { level: string }): Evidence {
  const expected = expectations(scene, only)
  return (rows) => {
    let sum = 0
    for (const { level, values, devices, sums } of rows) {
      const numbers = expected.get(rowKey(level, values))
      if (!numbers) continue
      for (let i = 0; i < numbers.length; i++) {
        const number = numbers[i] as Expectation | undefined
        const x = i === 0 ? devices : sums[i - 1]
        if (!number || x === null || x === undefined) continue
        const { without, difference, variance } = number
        sum += ((Number(x) - without) * difference - (difference * difference) / 2) / variance
      }
    }
    return sum
  }
}

/** By row: devices, then sums; undefined where the victim changes nothing. */
function expectations(scene: Scene, only?: { level: string }) {
  const found = new Map<string, (Expectation | undefined)[]>()
  for (const { level, by, varianceDevices, sums } of scene.specification.levels) {
    if (only && only.level !== level) continue
    const others = new Map((scene.without.get(level) ?? []).map((cell) => [cell.values.join('\n'), cell]))
    for (const cell of scene.with.get(level) ?? []) {
      const other = others.get(cell.values.join('\n'))
      const numbers = [
        expectation(other?.devices ?? 0, cell.devices, toNumber(varianceDevices)),
        ...(only ? [] : sums).map(({ variance }, index) =>
          expectation(Number(other?.sums[index] ?? 0n), Number(cell.sums[index]), toNumber(variance)),
        ),
      ]
      const places = scene.specification.dimensions.map((id) => by.indexOf(id))
      const values = places.map((place) => (place < 0 ? null : (cell.values[place] as string)))
      found.set(rowKey(level, values), numbers)
    }
  }
  return found
}

function expectation(without: number, present: number, variance: number): Expectation | undefined {
  return present === without ? undefined : { without, difference: present - without, variance }
}

export function rowKey(level: string, values: readonly (string | null)[]): string {
  return `${level}\n${values.join('\n')}`
}

/** The control: a release of exact numbers that keeps only small cells back. */
export function releaseExactly({ dimensions, levels, k }: ReleaseSpecification, cells: Cells): PublishedRow[] {
  return levels.flatMap(({ level, by }) =>
    (cells.get(level) ?? [])
      .filter(({ devices }) => devices >= k)
      .map(({ values, devices, sums }) => ({
        ...{ level, devices: BigInt(devices), sums },
        values: dimensions.map((id) => values[by.indexOf(id)] ?? null),
      })),
  )
}

export function cell(values: readonly string[], devices: number, ...sums: number[]): ExactCell {
  return { values, devices, sums: sums.map(BigInt) }
}
