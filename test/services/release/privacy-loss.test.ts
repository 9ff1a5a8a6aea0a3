import assert from 'node:assert/strict'
import { test } from 'node:test'
import { epsilonOf, epsilonTight, groupRho, totalDelta } from '../../../services/release/privacy-loss.ts'
import { fraction, multiply } from '../../../shared/fraction.ts'

const day = fraction(15n, 1000n)
const stated = fraction(1n, 10n ** 7n)

test('what is published: 1.00 for a day, 5.84 for 30 days, 24.3 for a year, 2.03 with two identifiers', () => {
  assert.equal(epsilonOf(day, stated).toFixed(2), '1.00')
  assert.equal(epsilonOf(multiply(day, fraction(30n)), stated).toFixed(2), '5.84')
  assert.equal(epsilonOf(multiply(day, fraction(365n)), stated).toFixed(1), '24.3')
  assert.equal(epsilonOf(groupRho(day, 2), stated).toFixed(2), '2.03')
})

test('the tight figure is below the published one, and rises with ρ and with a smaller δ', () => {
  let before = 0
  for (const n of [1n, 15n, 60n, 450n, 5475n, 100_000n]) {
    const rho = fraction(n, 1000n)
    const tight = epsilonTight(rho, stated)
    assert.ok(tight > before && tight < epsilonOf(rho, stated))
    assert.ok(epsilonTight(rho, fraction(1n, 10n ** 9n)) > tight)
    before = tight
  }
  assert.equal(epsilonTight(fraction(0n), stated), 0)
})

test('the tight figure is the least over a fine grid of α', () => {
  for (const rho of [0.0005, 0.015, 0.45, 5.475]) {
    let least = Infinity
    for (let x = -10; x < 15; x += 0.0005) {
      const alpha = 1 + Math.exp(x)
      const at = alpha * rho - Math.log(alpha * 1e-7) / (alpha - 1) + Math.log1p(-1 / alpha)
      least = Math.min(least, at)
    }
    const tight = epsilonTight(fraction(BigInt(rho * 1e6), 10n ** 6n), stated)
    assert.ok(tight <= least + 1e-12 && tight > least - 1e-5, `${tight}, not ${least}`)
  }
})

test('δ of all thresholds comes on top of the stated one', () => {
  const threshold = fraction(1n, 10n ** 9n)
  assert.deepEqual(totalDelta(stated, [threshold, threshold, threshold]), fraction(103n, 10n ** 9n))
})

test('a ρ below zero, and a δ of zero or one, are refused', () => {
  assert.throws(() => epsilonOf(fraction(-1n), stated), RangeError)
  assert.throws(() => epsilonOf(day, fraction(0n)), RangeError)
  assert.throws(() => epsilonTight(day, fraction(1n)), RangeError)
})
