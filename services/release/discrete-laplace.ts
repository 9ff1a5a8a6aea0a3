/**
 * Exact discrete Laplace noise: Pr[x] in proportion to e^(-|x| / scale). Algorithm 2 of Canonne, Kamath, Steinke 2020
 * (arXiv 2004.00010), with integers only.
 */
import type { Fraction } from '../../shared/fraction.ts'
import { bernoulliExp } from './bernoulli.ts'
import type { RandomSource } from './release-types.ts'

/** Draws one integer. */
export type Sampler = (random: RandomSource) => bigint

/** @throws RangeError when the scale is not above zero */
export function discreteLaplace({ numerator: t, denominator: s }: Fraction): Sampler {
  if (t <= 0n) throw new RangeError('the scale of noise must be above zero')
  return (random) => {
    for (;;) {
      // A geometric variable with ratio e^(-1/t): its remainder by t first, then how many times t is in it.
      const remainder = random.below(t)
      if (!bernoulliExp(remainder, t, random)) continue
      let magnitude = remainder
      while (bernoulliExp(1n, 1n, random)) magnitude += t
      if (s !== 1n) magnitude /= s
      const negative = random.below(2n) === 1n
      // There is one zero, not two.
      if (negative && magnitude === 0n) continue
      return negative ? -magnitude : magnitude
    }
  }
}
