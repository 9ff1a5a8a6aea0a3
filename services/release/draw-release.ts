/**
 * From exact cells to published rows; steps 4 to 7 and 9 of a release. What comes out is private, what went in is not.
 *
 * The number of draws, and how long they take, follow from the cells: nothing but the rows may be observed, so a release
 * is published at a fixed time. Noise is drawn afresh for every cell and every sum, in whatever order cells come; the rows
 * are sorted, so that their order says nothing either.
 */
import { discreteGaussian } from './discrete-gaussian.ts'
import type { Sampler } from './discrete-laplace.ts'
import { smallestPublishedSum } from './dominance.ts'
import { ceilDivide, ceilRoot } from './integer-root.ts'
import type {
  ExactCell,
  LevelParameters,
  RandomSource,
  ReleaseFlag,
  ReleaseRow,
  ReleaseSpecification,
} from './release-types.ts'
import { sortedRows } from './row-order.ts'

/**
 * @param cells by level; each is read once, a level without an entry has none. A cell comes at most once.
 * @throws Error when the cells are not those of the specification: then nothing is released
 */
export function drawRelease(
  cells: ReadonlyMap<string, Iterable<ExactCell>>,
  specification: ReleaseSpecification,
  random: RandomSource,
): ReleaseRow[] {
  const { levels, dimensions, k } = specification
  const unknown = [...cells.keys()].find((name) => !levels.some(({ level }) => level === name))
  if (unknown !== undefined) throw new Error(`the specification has no level ${unknown}`)
  return levels.flatMap((level) => {
    const draw = cellDrawer(level, { dimensions, k }, random)
    const rows: ReleaseRow[] = []
    for (const cell of cells.get(level.level) ?? []) {
      const row = draw(cell)
      if (row) rows.push(row)
    }
    return sortedRows(rows)
  })
}

/** Draws one cell of a level: a row, or undefined where it is not published. */
export function cellDrawer(
  level: LevelParameters,
  { dimensions, k }: Pick<ReleaseSpecification, 'dimensions' | 'k'>,
  random: RandomSource,
): (cell: ExactCell) => ReleaseRow | undefined {
  const noise = discreteGaussian(level.varianceDevices)
  const biasedBelow = nearThresholdBelow(level)
  const drawSums = sumsDrawer(level, random)
  const placed = valuePlacer(level, dimensions)
  return (cell) => {
    checkCell(cell, level)
    const shifted = shiftedCount(cell.devices, k)
    if (shifted === 0n) return undefined
    const noisy = shifted + noise(random)
    if (!isKept(noisy, level.threshold)) return undefined
    const sums = drawSums(cell)
    const flags: ReleaseFlag[] = []
    if (noisy < biasedBelow) flags.push('near_threshold')
    if (sums.includes(null)) flags.push('withheld')
    return { level: level.level, values: placed(cell.values), devices: unshiftedCount(noisy, k), sums, flags }
  }
}

/** max(0, c - (k - 1)): one unit more or less changes it by one at most, which `c < k` before the noise would not keep. */
export function shiftedCount(devices: number, k: number): bigint {
  return BigInt(Math.max(0, devices - (k - 1)))
}

export function isKept(noisy: bigint, threshold: bigint): boolean {
  return noisy >= threshold
}

export function unshiftedCount(noisy: bigint, k: number): bigint {
  return noisy + BigInt(k - 1)
}

/** The smallest integer that is not below T + 2σ; in integers, (v - T)² >= 4σ². */
export function nearThresholdBelow({ threshold, varianceDevices }: LevelParameters): bigint {
  const { numerator, denominator } = varianceDevices
  return threshold + ceilRoot(ceilDivide(4n * numerator, denominator))
}

/** Sums of a kept cell with their noise; null where the dominance rule withholds one. */
export function sumsDrawer({ sums }: LevelParameters, random: RandomSource): (cell: ExactCell) => (bigint | null)[] {
  const drawn = sums.map((sum): { noise: Sampler; smallest: bigint } => ({
    noise: discreteGaussian(sum.variance),
    smallest: smallestPublishedSum(sum),
  }))
  return (cell) =>
    drawn.map(({ noise, smallest }, i) => {
      const noisy = (cell.sums[i] as bigint) + noise(random)
      return noisy >= smallest ? noisy : null
    })
}

/** From the values of a level to one for each of the dataset's dimensions. */
export function valuePlacer(
  { level, by }: LevelParameters,
  dimensions: readonly string[],
): (values: readonly string[]) => (string | null)[] {
  const unknown = by.find((id) => !dimensions.includes(id))
  if (unknown !== undefined) throw new Error(`the level ${level} has ${unknown}, which is no dimension of the dataset`)
  const places = dimensions.map((id) => by.indexOf(id))
  return (values) => places.map((place) => (place < 0 ? null : (values[place] as string)))
}

/** The guarantee rests on what the seal hands over; what is not as agreed is not released. No value is in the message. */
function checkCell({ values, devices, sums }: ExactCell, { level, by, sums: expected }: LevelParameters): void {
  if (values.length !== by.length || sums.length !== expected.length)
    throw new Error(`a cell of the level ${level} has another number of values or sums than its level`)
  if (!Number.isSafeInteger(devices) || devices < 0)
    throw new Error(`a cell of the level ${level} does not have a whole number of devices`)
}
