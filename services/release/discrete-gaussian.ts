/**
 * Exact discrete Gaussian noise: Pr[x] in proportion to e^(-x² / 2σ²). Algorithm 3 of Canonne, Kamath, Steinke 2020
 * (arXiv 2004.00010), with integers only.
 */
import { type Fraction, fraction } from '../../shared/fraction.ts'
import { bernoulliExp } from './bernoulli.ts'
import { discreteLaplace, type Sampler } from './discrete-laplace.ts'
import { floorRoot } from './integer-root.ts'

/**
 * What depends on the variance alone is computed once.
 * @throws RangeError when the variance is not above zero
 */
export function discreteGaussian({ numerator: n, denominator: d }: Fraction): Sampler {
  if (n <= 0n) throw new RangeError('the variance of noise must be above zero')
  // floor(sqrt(n / d)) is floor(sqrt(floor(n / d))).
  const t = floorRoot(n / d) + 1n
  const proposal = discreteLaplace(fraction(t))
  const step = d * t
  const denominator = 2n * n * step * t
  return (random) => {
    for (;;) {
      const y = proposal(random)
      // (|y| - σ²/t)² / 2σ² with σ² = n/d is (|y|·d·t - n)² / (2·n·d·t²).
      const distance = (y < 0n ? -y : y) * step - n
      if (bernoulliExp(distance * distance, denominator, random)) return y
    }
  }
}
