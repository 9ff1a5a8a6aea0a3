/**
 * What a ρ means for somebody who guesses whether one unit was there and knows everything else: Φ(√(2ρ) / 2), the part of
 * right guesses of the best test between two Gaussians that lie √(2ρ) of their deviations apart (Dong, Roth, Su 2019, arXiv
 * 1905.02383). A coin has 1/2. For showing; thresholds add their δ, about 1e-9.
 */
import { type Fraction, toNumber } from '../../../shared/fraction.ts'

export function guessingOdds(rho: Fraction): number {
  return normalBelow(Math.sqrt(2 * toNumber(rho)) / 2)
}

/** Φ(x) for x >= 0, within 7.5e-8: Abramowitz and Stegun 26.2.17. */
function normalBelow(x: number): number {
  const t = 1 / (1 + 0.2316419 * x)
  const coefficients = [0.31938153, -0.356563782, 1.781477937, -1.821255978, 1.330274429]
  const tail = coefficients.reduceRight((sum, one) => (sum + one) * t, 0)
  return 1 - (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) * tail
}
