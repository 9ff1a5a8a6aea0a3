import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { boundsToNumber } from '../../../services/release/fixed-point.ts'
import { gaussianTail, laplaceTail } from '../../../services/release/gaussian-tail.ts'
import { fraction } from '../../../shared/fraction.ts'
import { exactGaussian, exactLaplace } from './exact-noise.ts'
import { betaCdf, chiSquareTail, clopperPearson, logGamma, normalCdf } from './statistics.ts'

function near(found: number, expected: number, relative = 1e-6): void {
  assert.ok(Math.abs(found - expected) <= relative * Math.abs(expected), `${found} for ${expected}`)
}

describe('what the attacks judge with', () => {
  it('has the values of the tables', () => {
    near(normalCdf(1.959964), 0.975)
    near(normalCdf(-4.42), 4.935e-6, 1e-3)
    near(chiSquareTail(3.841459, 1), 0.05)
    near(chiSquareTail(124.3421, 100), 0.05, 1e-5)
    near(betaCdf(0.5, 2, 3), 0.6875)
    near(logGamma(0.5), Math.log(Math.sqrt(Math.PI)), 1e-12)
  })

  it('bounds a probability as Clopper and Pearson did', () => {
    const five = clopperPearson(5, 10, 0.025)
    near(five.lower, 0.187086, 1e-5)
    near(five.upper, 0.812914, 1e-5)
    near(clopperPearson(0, 1_000_000, 0.05).upper, 1 - 0.05 ** 1e-6, 1e-5)
    const many = clopperPearson(1000, 10_000_000, 0.05)
    assert.ok(many.lower > 0.94e-4 && many.upper < 1.06e-4)
  })

  it('knows the noise as production computes it, though in another way', () => {
    for (const variance of [fraction(1), fraction(2000, 3), fraction(1000)]) {
      const exact = exactGaussian(Number(variance.numerator) / Number(variance.denominator))
      const tail = gaussianTail(variance)
      for (const t of [-20, -1, 0, 1, 5, 12]) near(exact.atLeast(t), boundsToNumber(tail.atLeast(BigInt(t))), 1e-9)
    }
    near(exactLaplace(8).atLeast(178), boundsToNumber(laplaceTail(fraction(8)).atLeast(178n)), 1e-9)
  })
})
