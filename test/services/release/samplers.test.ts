import assert from 'node:assert/strict'
import { test } from 'node:test'
import { discreteGaussian } from '../../../services/release/discrete-gaussian.ts'
import { discreteLaplace, type Sampler } from '../../../services/release/discrete-laplace.ts'
import { gaussianTail, laplaceTail, type Tail } from '../../../services/release/gaussian-tail.ts'
import { type Fraction, fraction, multiply } from '../../../shared/fraction.ts'
import { deviations, drawMany, fit, standardErrorsMax, worstOf } from './sampler-checks.ts'
import { seededRandom } from './seeded-random.ts'

const draws = 100_000
/**
 * A scale that is off by ε moves χ² by 2Nε² for Gaussian noise and Nε² for Laplace noise: about 160 above its 20 degrees,
 * where 62 is once in a million.
 */
const drawsToFindScale = { gaussian: 200_000, laplace: 400_000 }
const pMin = 1e-6
/** Of the squared scale, for a scale that is 2 % too high or too low. */
const wrongVariances = [fraction(102n ** 2n, 100n ** 2n), fraction(98n ** 2n, 100n ** 2n)]

interface Case {
  name: string
  sampler: Sampler
  tail: Tail
  /** The same with a scale that is off by the root of the factor. */
  wrong: Sampler[]
  wrongDraws: number
}

const variances: [string, Fraction][] = [
  ['σ = 0.5', fraction(1n, 4n)],
  ['σ = 1', fraction(1n)],
  ['σ = 8.2', fraction(200n, 3n)],
  ['σ = 25.8', fraction(2000n, 3n)],
  ['σ = 206.6', fraction(128_000n, 3n)],
]
const scales: [string, Fraction][] = [
  ['b = 2/3', fraction(2n, 3n)],
  ['b = 1', fraction(1n)],
  ['b = 8', fraction(8n)],
  ['b = 31.7', fraction(317n, 10n)],
]
const wrongScales = [fraction(102n, 100n), fraction(98n, 100n)]

const cases: Case[] = [
  ...variances.map(([name, variance]) => ({
    name: `discrete Gaussian noise of ${name}`,
    sampler: discreteGaussian(variance),
    tail: gaussianTail(variance),
    wrong: wrongVariances.map((factor) => discreteGaussian(multiply(variance, factor))),
    wrongDraws: drawsToFindScale.gaussian,
  })),
  ...scales.map(([name, scale]) => ({
    name: `discrete Laplace noise of ${name}`,
    sampler: discreteLaplace(scale),
    tail: laplaceTail(scale),
    wrong: wrongScales.map((factor) => discreteLaplace(multiply(scale, factor))),
    wrongDraws: drawsToFindScale.laplace,
  })),
]

for (const { name, sampler, tail, wrong, wrongDraws } of cases) {
  test(`${name} has the exact probabilities, value by value`, () => {
    const drawn = drawMany(sampler, draws, seededRandom(name))
    const { p, statistic, degrees } = fit(drawn, tail)
    assert.ok(p > pMin, `χ² = ${statistic} with ${degrees} degrees: p = ${p}`)
    const [what, deviation] = worstOf(deviations(drawn, tail))
    assert.ok(Math.abs(deviation) < standardErrorsMax, `${what}: ${deviation} standard errors`)
  })

  test(`${name} with a scale that is 2 % off is found out`, () => {
    for (const [i, sampler] of wrong.entries()) {
      const drawn = drawMany(sampler, wrongDraws, seededRandom(`${name}, wrong ${i}`))
      const { p } = fit(drawn, tail, 20)
      assert.ok(p < pMin, `p = ${p}`)
    }
  })
}

test('noise that is shifted by one, or has one value left out, is found out', () => {
  const variance = fraction(2000n, 3n)
  const tail = gaussianTail(variance)
  const right = discreteGaussian(variance)
  const shifted = drawMany((random) => right(random) + 1n, draws, seededRandom('shifted'))
  assert.ok(Math.abs(deviations(shifted, tail).mean as number) > standardErrorsMax)
  const gap = drawMany(
    (random) => {
      const z = right(random)
      return z === 0n ? 1n : z
    },
    draws,
    seededRandom('gap'),
  )
  assert.ok(fit(gap, tail).p < pMin)
})

test('noise without a scale is refused', () => {
  assert.throws(() => discreteGaussian(fraction(0n)), RangeError)
  assert.throws(() => discreteLaplace(fraction(0n)), RangeError)
  assert.throws(() => discreteGaussian(fraction(-1n)), RangeError)
})
