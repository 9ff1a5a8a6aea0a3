import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { boundsToNumber, expBounds, one } from '../../../services/release/fixed-point.ts'
import { gaussianTail, laplaceTail, type Tail } from '../../../services/release/gaussian-tail.ts'
import { gaussianVariance, levelParameters } from '../../../services/release/level-parameters.ts'
import { gaussianThreshold, isWithin, laplaceThreshold } from '../../../services/release/threshold.ts'
import { type Fraction, fraction, parseFraction, toNumber } from '../../../shared/fraction.ts'

const nano = fraction(1n, 10n ** 9n)

/** The table that the parameters must give: ρ of the level's devices, C, M, σ of devices and events, T. */
const table = [
  { level: 'leaf', rho: '0.006', cellsMax: 8, eventsMax: 8n, sigma: '25.8', sigmaEvents: '206.6', threshold: 165n },
  { level: 'parent', rho: '0.001', cellsMax: 2, eventsMax: 32n, sigma: '31.6', sigmaEvents: '1012', threshold: 195n },
  { level: 'total', rho: '0.0005', cellsMax: 1, eventsMax: 32n, sigma: '31.6', sigmaEvents: '1012', threshold: 192n },
  { level: 'small', rho: '0.0075', cellsMax: 1, eventsMax: 32n, sigma: '8.2', sigmaEvents: '261.3', threshold: 51n },
]

for (const { level, rho, cellsMax, eventsMax, sigma, sigmaEvents, threshold } of table) {
  test(`${level}: σ ${sigma} and ${sigmaEvents}, T ${threshold}`, () => {
    const ofDevices = parseFraction(rho) as Fraction
    const parameters = levelParameters({
      ...{ level, by: [], cellsMax, delta: nano },
      rho: fraction(2n * ofDevices.numerator, ofDevices.denominator),
      sums: [{ id: 'events', unitMax: eventsMax }],
    })
    assert.deepEqual(parameters.rhoDevices, ofDevices)
    assert.equal(parameters.threshold, threshold)
    assert.equal(shown(parameters.varianceDevices, sigma), sigma)
    const [events] = parameters.sums
    assert.ok(events)
    assert.deepEqual(events.rho, ofDevices)
    assert.equal(shown(events.variance, sigmaEvents), sigmaEvents)
  })
}

test('six datasets in one day: leaf σ 63', () => {
  assert.equal(shown(gaussianVariance(8, 1n, fraction(6n, 6000n)), '63'), '63')
})

test('several sums share the second half of a level in equal parts', () => {
  const ids = ['events', 'seconds', 'bytes']
  const sums = ids.map((id) => ({ id, unitMax: 10n }))
  const parameters = levelParameters({
    ...{ level: 'leaf', by: [], cellsMax: 4, rho: fraction(12n, 1000n), delta: nano, sums },
  })
  assert.deepEqual(parameters.rhoDevices, fraction(6n, 1000n))
  assert.deepEqual(
    parameters.sums.map(({ id, rho }) => [id, rho]),
    ids.map((id) => [id, fraction(2n, 1000n)]),
  )
  // 4 · 10² / (2 · 0.002)
  assert.deepEqual(parameters.sums[0]?.variance, fraction(100_000n))
})

test('Laplace thresholds are 22, 173 and 179', () => {
  const of = (cellsMax: number, scale: Fraction) => laplaceThreshold({ scale, cellsMax, delta: nano })
  assert.equal(of(1, fraction(1n)), 22n)
  assert.equal(of(4, fraction(8n)), 173n)
  assert.equal(of(8, fraction(8n)), 179n)
})

test('the threshold of a continuous formula, 177.88 rounded up, exceeds δ by 4.6 %', () => {
  const { lower } = laplaceTail(fraction(8n)).atLeast(177n)
  const cost = 8 * (Number(lower) / Number(one))
  assert.ok(Math.abs(cost / 1e-9 - 1.046) < 0.001, String(cost))
  assert.equal(isWithin(laplaceTail(fraction(8n)).atLeast(177n), 8, nano), false)
})

test('the smallest threshold within δ is taken: one less fails, by the lower bound of the tail', () => {
  const parameters = fc.record({
    cellsMax: fc.integer({ min: 1, max: 64 }),
    scale: fc.tuple(fc.integer({ min: 1, max: 4000 }), fc.integer({ min: 1, max: 50 })),
    digits: fc.integer({ min: 2, max: 15 }),
  })
  fc.assert(
    fc.property(parameters, fc.boolean(), ({ cellsMax, scale: [n, d], digits }, isGaussian) => {
      const scale = fraction(n, d)
      const delta = fraction(1n, 10n ** BigInt(digits))
      const tail = isGaussian ? gaussianTail(scale) : laplaceTail(scale)
      const threshold = isGaussian
        ? gaussianThreshold({ variance: scale, cellsMax, delta })
        : laplaceThreshold({ scale, cellsMax, delta })
      assert.ok(isWithin(tail.atLeast(threshold - 1n), cellsMax, delta))
      const { lower } = tail.atLeast(threshold - 2n)
      assert.equal(isWithin({ lower, upper: lower }, cellsMax, delta), false)
    }),
    { numRuns: 150, seed: 1 },
  )
})

test('tails and masses agree with each other, and with the closed form in floating point', () => {
  const tails: [Tail, (z: number) => number][] = [
    [gaussianTail(fraction(1n, 50n)), (z) => Math.exp(-z * z * 25)],
    [gaussianTail(fraction(2n)), (z) => Math.exp((-z * z) / 4)],
    [gaussianTail(fraction(2000n, 3n)), (z) => Math.exp((-z * z * 3) / 4000)],
    [laplaceTail(fraction(1n, 3n)), (z) => Math.exp(-z * 3)],
    [laplaceTail(fraction(8n)), (z) => Math.exp(-z / 8)],
  ]
  for (const [tail, weight] of tails) {
    const norm = Array.from({ length: 4000 }, (_, z) => (z === 0 ? weight(0) : 2 * weight(z))).reduce((a, b) => a + b)
    for (let z = -60; z <= 60; z++) {
      const mass = tail.mass(BigInt(z))
      assert.ok(mass.lower <= mass.upper)
      // Pr[Z >= z] - Pr[Z >= z + 1], within the bounds of all three.
      const [from, beyond] = [tail.atLeast(BigInt(z)), tail.atLeast(BigInt(z + 1))]
      assert.ok(from.lower <= from.upper && from.upper - from.lower < 1n << 40n)
      assert.ok(from.lower - beyond.upper <= mass.upper && from.upper - beyond.lower >= mass.lower, String(z))
      const expected = weight(Math.abs(z)) / norm
      const found = boundsToNumber(mass)
      assert.ok(Math.abs(found - expected) <= 1e-12 * expected + 1e-70, `${z}: ${found}, not ${expected}`)
    }
  }
})

test('e^(-x) is between its bounds', () => {
  for (const [n, d] of [
    [0, 1],
    [1, 1_000_000],
    [1, 2],
    [1, 1],
    [7, 3],
    [20, 1],
    [100, 1],
  ] as const) {
    const { lower, upper } = expBounds(fraction(n, d))
    assert.ok(lower <= upper && upper <= one && upper - lower < 1n << 20n, `${n}/${d}`)
    const expected = Math.exp(-n / d)
    assert.ok(Math.abs(boundsToNumber({ lower, upper }) / expected - 1) < 1e-14, `${n}/${d}`)
  }
  // e^(-1) to 60 digits.
  const digits = 367879441171442321595523770161460867445811131031767834507836n
  const { lower, upper } = expBounds(fraction(1n))
  assert.ok((lower * 10n ** 60n) / one <= digits + 1n && (upper * 10n ** 60n) / one >= digits - 1n)
})

test('parameters that mean nothing are refused', () => {
  const variance = fraction(100n)
  const refused = [
    () => gaussianThreshold({ variance, cellsMax: 0, delta: nano }),
    () => gaussianThreshold({ variance, cellsMax: 1.5, delta: nano }),
    () => gaussianThreshold({ variance, cellsMax: 10_001, delta: nano }),
    () => gaussianThreshold({ variance, cellsMax: 1, delta: fraction(0n) }),
    () => gaussianThreshold({ variance, cellsMax: 1, delta: fraction(1n) }),
    () => gaussianThreshold({ variance: fraction(0n), cellsMax: 1, delta: nano }),
    () => laplaceThreshold({ scale: fraction(0n), cellsMax: 1, delta: nano }),
    () => gaussianVariance(0, 1n, nano),
    () => gaussianVariance(1, 0n, nano),
    () => gaussianVariance(1, 1n, fraction(0n)),
  ]
  for (const call of refused) assert.throws(call, RangeError)
})

/** σ with as many decimals as the table gives. */
function shown(variance: Fraction, like: string): string {
  return Math.sqrt(toNumber(variance)).toFixed(like.split('.')[1]?.length ?? 0)
}
