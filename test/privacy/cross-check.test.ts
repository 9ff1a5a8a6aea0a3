/**
 * Noise, thresholds and ε beside those of OpenDP, dp-accounting and 60-digit arithmetic, on 93 sets of parameters. What
 * they answer is committed (python/answers.json) and, where Python and its packages can be had, asked anew.
 *
 * Where the definitions are the same, the figures are: the threshold by its definition; δ of a Laplace threshold; ρ; the
 * tight ε. Where they are not:
 *
 * - OpenDP keeps a count >= its threshold x and states what counts > x cost (opendp issue 2922), so its statement for our
 *   T is the one it makes at T - 1.
 * - Its Gaussian statement is the continuous bound Pr[Z >= x] <= Pr[N >= x - 1], 1.01 to 3.15 times the exact cost here. At
 *   a leaf (σ 25.8, T 165) it is 1.09e-9, where the exact cost is 9.63e-10. So its smallest threshold, which is T - 1 where
 *   the bound is near enough (29 of 58 sets), is T in the others: there the two differences cancel out.
 * - ε of the continuous Gaussian by the analytic formula is below any that follows from ρ: 0.492, not 0.527, at a leaf.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { boundsToNumber } from '../../services/release/fixed-point.ts'
import { gaussianTail, laplaceTail, type Tail } from '../../services/release/gaussian-tail.ts'
import { gaussianVariance } from '../../services/release/level-parameters.ts'
import { epsilonOf, epsilonTight } from '../../services/release/privacy-loss.ts'
import { gaussianThreshold, laplaceThreshold } from '../../services/release/threshold.ts'
import { divide, type Fraction, fraction, parseFraction, toNumber } from '../../shared/fraction.ts'
import { installMs, pythonWith } from '../fixtures/python.ts'

const folder = join(import.meta.dirname, 'python')
const askMs = 90_000
const installAndAskMs = installMs + askMs

interface ThresholdAnswer {
  cellsMax: number
  delta: string
  threshold: number
  cost: number
  costBelow: number
  opendpThreshold: number
  opendpCost: number
  opendpCostBelow: number
  opendpEpsilon: number
  tail: number
}

interface GaussianAnswer extends ThresholdAnswer {
  rho: string
  sigma: number
  opendpRho: number
  rdpEpsilon: number
  analyticEpsilon: number
  analyticSigma: number
}

interface LaplaceAnswer extends ThresholdAnswer {
  epsilon: string
}

interface Answers {
  versions: Record<string, string>
  statedDelta: number
  gaussian: GaussianAnswer[]
  laplace: LaplaceAnswer[]
}

const committed = JSON.parse(await readFile(join(folder, 'answers.json'), 'utf8')) as Answers
const stated = fraction(1n, 10n ** 7n)

test('answers are there for at least 50 sets of parameters, from the pinned versions', async () => {
  assert.ok(committed.gaussian.length + committed.laplace.length >= 50)
  assert.equal(committed.statedDelta, toNumber(stated))
  const pinned = [...(await readFile(join(folder, 'requirements.txt'), 'utf8')).matchAll(/^([\w-]+)==(\S+)$/gm)]
  assert.deepEqual(
    pinned.map(([, name]) => name),
    ['opendp', 'dp-accounting'],
  )
  for (const [, name, version] of pinned) assert.equal(committed.versions[name as string], version)
})

test('thresholds are the ones of the definition in 60-digit arithmetic, and cost what it says', () => {
  for (const answer of committed.gaussian) {
    const { variance, cellsMax, delta } = gaussianOf(answer)
    assert.equal(gaussianThreshold({ variance, cellsMax, delta }), BigInt(answer.threshold), describe(answer))
    assertCosts(gaussianTail(variance), answer)
  }
  for (const answer of committed.laplace) {
    const { scale, cellsMax, delta } = laplaceOf(answer)
    assert.equal(laplaceThreshold({ scale, cellsMax, delta }), BigInt(answer.threshold), describe(answer))
    assertCosts(laplaceTail(scale), answer)
  }
})

test("OpenDP's δ of a Laplace threshold is ours, and its smallest threshold one less, as it counts", () => {
  for (const answer of committed.laplace) {
    assertNear(answer.opendpCost, answer.cost, 1e-6, describe(answer))
    assertNear(answer.opendpCostBelow, answer.costBelow, 1e-6, describe(answer))
    assert.equal(answer.opendpThreshold, answer.threshold - 1, describe(answer))
    assertNear(answer.opendpEpsilon, toNumber(read(answer.epsilon)), 1e-12, describe(answer))
  }
})

test("OpenDP's δ of a Gaussian threshold is the continuous bound: above ours, and by one integer at most", () => {
  for (const answer of committed.gaussian) {
    assert.ok(answer.opendpCost >= answer.cost, describe(answer))
    // Pr[N >= x - 1] is above Pr[Z >= x], and below Pr[Z >= x - 1].
    assert.ok(answer.opendpCost < answer.costBelow, describe(answer))
    assert.ok([answer.threshold - 1, answer.threshold].includes(answer.opendpThreshold), describe(answer))
  }
})

test('σ is the one with which OpenDP spends ρ, and dp-accounting the ε of the continuous Gaussian', () => {
  for (const answer of committed.gaussian) {
    const sigma = Math.sqrt(toNumber(gaussianOf(answer).variance))
    assertNear(answer.sigma, sigma, 1e-14, describe(answer))
    assertNear(answer.opendpRho, toNumber(read(answer.rho)), 1e-12, describe(answer))
    assertNear(answer.analyticSigma, sigma, 1e-8, describe(answer))
  }
})

test("ε is OpenDP's and dp-accounting's from ρ, between the continuous Gaussian's and the published one", () => {
  for (const answer of committed.gaussian) {
    const rho = read(answer.rho)
    const tight = epsilonTight(rho, stated)
    assertNear(answer.opendpEpsilon, tight, 1e-6, describe(answer))
    // Of a grid of orders: never less than the least.
    assert.ok(answer.rdpEpsilon >= tight - 1e-9, describe(answer))
    assertNear(answer.rdpEpsilon, tight, 1e-4, describe(answer))
    assert.ok(answer.analyticEpsilon < tight && tight < epsilonOf(rho, stated), describe(answer))
  }
})

test('asked anew, they answer what is committed', { timeout: installAndAskMs }, async (context) => {
  const interpreter = await pythonWith(join(folder, 'requirements.txt'))
  if (interpreter === undefined)
    return context.skip('OpenDP and dp-accounting were NOT asked, only their committed answers compared')
  const ask = promisify(execFile)(interpreter, [join(folder, 'cross_check.py')], { timeout: askMs, maxBuffer: 2 ** 24 })
  const answers = JSON.parse((await ask).stdout) as Answers
  for (const kind of ['gaussian', 'laplace'] as const) {
    assert.equal(answers[kind].length, committed[kind].length)
    for (const [i, answer] of answers[kind].entries()) assertSame(answer, committed[kind][i] as ThresholdAnswer)
  }
})

function gaussianOf({ cellsMax, rho, delta }: GaussianAnswer) {
  return { variance: gaussianVariance(cellsMax, 1n, read(rho)), cellsMax, delta: read(delta) }
}

function laplaceOf({ cellsMax, epsilon, delta }: LaplaceAnswer) {
  return { scale: divide(fraction(cellsMax), read(epsilon)), cellsMax, delta: read(delta) }
}

/** By our exact tail: what T and T - 1 cost, and the tail itself beside dp-accounting's. */
function assertCosts(tail: Tail, answer: ThresholdAnswer): void {
  const costAt = (threshold: number) => {
    const p = boundsToNumber(tail.atLeast(BigInt(threshold - 1)))
    return -Math.expm1(answer.cellsMax * Math.log1p(-p))
  }
  const delta = toNumber(read(answer.delta))
  assertNear(costAt(answer.threshold), answer.cost, 1e-12, describe(answer))
  assertNear(costAt(answer.threshold - 1), answer.costBelow, 1e-12, describe(answer))
  assert.ok(answer.cost <= delta && delta < answer.costBelow, describe(answer))
  assertNear(answer.tail, boundsToNumber(tail.atLeast(BigInt(answer.threshold - 1))), 1e-6, describe(answer))
}

function assertSame(answer: object, expected: object): void {
  const before = new Map(Object.entries(expected))
  for (const [name, value] of Object.entries(answer)) {
    const known = before.get(name)
    if (typeof value === 'number') assertNear(value, known, 1e-9, `${name} of ${describe(answer)}`)
    else assert.equal(value, known)
  }
}

function assertNear(found: number, expected: number, relative: number, message: string): void {
  assert.ok(Math.abs(found - expected) <= relative * Math.abs(expected), `${found}, not ${expected}: ${message}`)
}

function describe(answer: object): string {
  return JSON.stringify(answer)
}

function read(text: string): Fraction {
  return parseFraction(text) as Fraction
}
