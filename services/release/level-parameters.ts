/** Noise and threshold of one level, computed from what the catalogue declares. */
import { divide, type Fraction, fraction } from '../../shared/fraction.ts'
import type { LevelParameters, SumParameters } from './release-types.ts'
import { gaussianThreshold } from './threshold.ts'

export interface DeclaredLevel {
  readonly level: string
  readonly by: readonly string[]
  /** C: most cells of this level that one unit counts in. */
  readonly cellsMax: number
  /** ρ of this level: one half for devices, the other one in equal parts for the sums. */
  readonly rho: Fraction
  /** What the threshold costs. */
  readonly delta: Fraction
  /** M of each sum; events first. */
  readonly sums: readonly { readonly id: string; readonly unitMax: bigint }[]
}

/** @throws RangeError when a bound is below 1 or ρ is not above zero */
export function levelParameters({ level, by, cellsMax, rho, delta, sums }: DeclaredLevel): LevelParameters {
  if (rho.numerator <= 0n) throw new RangeError(`the level ${level} needs a ρ above zero`)
  const half = divide(rho, fraction(2n))
  const varianceDevices = gaussianVariance(cellsMax, 1n, half)
  return {
    level,
    by,
    cellsMax,
    rhoDevices: half,
    varianceDevices,
    threshold: gaussianThreshold({ variance: varianceDevices, cellsMax, delta }),
    sums: sums.map(({ id, unitMax }): SumParameters => {
      const own = divide(half, fraction(sums.length))
      return { id, unitMax, rho: own, variance: gaussianVariance(cellsMax, unitMax, own) }
    }),
  }
}

/**
 * σ² = C·M² / (2ρ): one unit moves at most C cells by at most M each, that is √C·M in Euclidean distance, and noise of σ²
 * on a distance Δ costs ρ = Δ² / 2σ² (Canonne, Kamath, Steinke 2020, Theorem 14).
 * @throws RangeError when C or M is below 1 or ρ is not above zero
 */
export function gaussianVariance(cellsMax: number, unitMax: bigint, rho: Fraction): Fraction {
  if (!Number.isInteger(cellsMax) || cellsMax < 1) throw new RangeError('a unit counts in at least one cell')
  if (unitMax < 1n) throw new RangeError('a unit adds at most 1 or more')
  if (rho.numerator <= 0n) throw new RangeError('noise needs a ρ above zero')
  return divide(fraction(BigInt(cellsMax) * unitMax * unitMax), fraction(2n * rho.numerator, rho.denominator))
}
