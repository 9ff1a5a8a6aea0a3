/**
 * Whether a noisy sum may be published, given that it could be mostly one or two units. It looks at the noisy sum and at
 * public parameters only, so it costs no budget.
 */
import { ceilDivide, ceilRoot } from './integer-root.ts'
import type { SumParameters } from './release-types.ts'

/** The p % rule, and the (n, κ) rule: n units have at most κ % of it. */
export const dominanceRule = { p: 10n, n: 2n, kappa: 85n } as const

/**
 * The smallest S~ with S~ - 3σ >= max(M(2 + p/100), 100·n·M/κ). With every unit at M at most, a true sum of M(2 + p/100)
 * leaves p % of M to others than the two largest; of 100·n·M/κ, n units have at most κ %. Three σ so that the true sum
 * is that high. In integers: with a bound of a/b and σ² = n/d it is (S~·b - a)²·d >= 9·n·b².
 */
export function smallestPublishedSum({ unitMax, variance }: Pick<SumParameters, 'unitMax' | 'variance'>): bigint {
  const { p, n, kappa } = dominanceRule
  const b = 100n * kappa
  const ofP = unitMax * (200n + p) * kappa
  const ofKappa = 100n * n * unitMax * 100n
  const a = ofP > ofKappa ? ofP : ofKappa
  const distance = ceilRoot(ceilDivide(9n * variance.numerator * b * b, variance.denominator))
  return ceilDivide(a + distance, b)
}
