/** Releases with one mistake each, put together from production's own parts; nothing in production makes them. */
import {
  cellDrawer,
  isKept,
  shiftedCount,
  sumsDrawer,
  unshiftedCount,
  valuePlacer,
} from '../../../services/release/draw-release.ts'
import { BoundedUnit } from '../../../services/worker/seal/bound-unit.ts'
import { type Fraction, fraction } from '../../../shared/fraction.ts'
import { floatGaussian } from './float-noise.ts'
import { type Mechanism, production } from './mechanism.ts'
import { oneLower } from './threshold-leak.ts'

const quarter = ({ numerator, denominator }: Fraction) => fraction(numerator, 4n * denominator)

/** As in cellDrawer, with noise of doubles. */
const floatDrawer: Mechanism['drawer'] = (level, { dimensions, k }, random) => {
  const noise = floatGaussian(level.varianceDevices)
  const drawSums = sumsDrawer(level, random)
  const placed = valuePlacer(level, dimensions)
  return (cell) => {
    const shifted = shiftedCount(cell.devices, k)
    if (shifted === 0n) return undefined
    const noisy = shifted + noise(random)
    if (!isKept(noisy, level.threshold)) return undefined
    const devices = unshiftedCount(noisy, k)
    return { level: level.level, values: placed(cell.values), devices, sums: drawSums(cell), flags: [] }
  }
}

export const mutants: readonly Mechanism[] = [
  { ...production, name: 'float noise', gaussian: floatGaussian, drawer: floatDrawer },
  {
    ...production,
    name: 'half σ',
    gaussian: (variance) => production.gaussian(quarter(variance)),
    drawer: (level, ...rest) =>
      cellDrawer(
        {
          ...level,
          varianceDevices: quarter(level.varianceDevices),
          sums: level.sums.map((sum) => ({ ...sum, variance: quarter(sum.variance) })),
        },
        ...rest,
      ),
  },
  {
    ...production,
    name: 'raw k-gate',
    // The count as it is once it passes the gate, which k = 1 makes of it.
    drawer: (level, { dimensions, k }, random) => {
      const draw = cellDrawer(level, { dimensions, k: 1 }, random)
      return (cell) => (cell.devices < k ? undefined : draw(cell))
    },
  },
  { ...production, name: 'T - 1', ...oneLower },
  { ...production, name: 'noise for each partner', redraws: true },
  {
    ...production,
    name: 'no C',
    bounded: (bound, priorityOf) => new BoundedUnit({ ...bound, cellsMax: Number.MAX_SAFE_INTEGER }, priorityOf),
  },
]
