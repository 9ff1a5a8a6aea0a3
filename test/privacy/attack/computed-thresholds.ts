/** Thresholds as they are in use, and those of published tables, against tails that are computed in another way. */
import { type Fraction, fraction, toNumber } from '../../../shared/fraction.ts'
import { exactGaussian, exactLaplace } from './exact-noise.ts'
import type { Mechanism } from './mechanism.ts'
import { specification } from './sybil-scene.ts'

const smallInstallation = {
  ...{ level: 'small installation', by: [], cellsMax: 1, rho: fraction(3, 200) },
  sums: [{ id: 'events', unitMax: 1n }],
}

interface Computed {
  readonly name: string
  readonly threshold: bigint
  /** Pr[shown] / δ at T, and at T - 1. */
  readonly at: number
  readonly below: number
}

export function computedThresholds(mechanism: Pick<Mechanism, 'parameters' | 'laplaceThreshold'>): Computed[] {
  const delta = fraction(1, 1_000_000_000)
  const levels = [
    ...specification.levels.map(({ level, by, cellsMax, rhoDevices, sums }) => ({
      ...{ level, by, cellsMax, delta, rho: fraction(2n * rhoDevices.numerator, rhoDevices.denominator) },
      sums: sums.map(({ id, unitMax }) => ({ id, unitMax })),
    })),
    { ...smallInstallation, delta },
  ]
  const gaussian = levels.map((level) => {
    const { threshold, varianceDevices } = mechanism.parameters(level)
    const { atLeast } = exactGaussian(toNumber(varianceDevices))
    return { name: level.level, threshold, ...ratios(atLeast, threshold, level.cellsMax, delta) }
  })
  const laplace = [fraction(1), fraction(8)].map((scale) => {
    const cellsMax = Number(scale.numerator)
    const threshold = mechanism.laplaceThreshold({ scale, cellsMax, delta })
    const name = `Laplace, C = ${cellsMax}, ε = 1`
    return { name, threshold, ...ratios(exactLaplace(toNumber(scale)).atLeast, threshold, cellsMax, delta) }
  })
  return [...gaussian, ...laplace]
}

function ratios(atLeast: (t: number) => number, threshold: bigint, cellsMax: number, delta: Fraction) {
  // A lone device's shifted count is 1. -expm1(C·log1p(-p)) is 1 - (1 - p)^C without losing its digits.
  const shown = (t: number) => -Math.expm1(cellsMax * Math.log1p(-atLeast(t - 1))) / toNumber(delta)
  return { at: shown(Number(threshold)), below: shown(Number(threshold) - 1) }
}

export const thresholdIsMinimal = ({ at, below }: Computed) => at <= 1 && below > 1
