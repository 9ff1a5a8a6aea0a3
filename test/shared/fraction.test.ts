import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  add,
  compare,
  divide,
  type Fraction,
  formatFraction,
  fraction,
  multiply,
  parseFraction,
  sum,
  toNumber,
  zero,
} from '../../shared/fraction.ts'

const integer = fc.bigInt(-(2n ** 200n), 2n ** 200n)
const denominator = fc.oneof(fc.bigInt(-(2n ** 200n), -1n), fc.bigInt(1n, 2n ** 200n))
/** Not reduced, and with either sign below the line: the reference works on the pair as it is. */
const pair = fc.tuple(integer, denominator)
type Pair = [bigint, bigint]

function property(check: (a: Pair, b: Pair, c: Pair) => void) {
  fc.assert(fc.property(pair, pair, pair, check), { seed: 1, numRuns: 500 })
}

/** The same number, by cross multiplication; reduced, with the sign above the line. */
function assertIs({ numerator, denominator }: Fraction, [n, d]: Pair) {
  assert.equal(numerator * d, n * denominator)
  assert.ok(denominator > 0n)
  assert.equal(greatestDivisor(numerator < 0n ? -numerator : numerator, denominator), 1n)
}

/** By halving, since the code under test divides. */
function greatestDivisor(a: bigint, b: bigint): bigint {
  if (a === 0n) return b
  let twos = 0n
  while (((a | b) & 1n) === 0n) [a, b, twos] = [a >> 1n, b >> 1n, twos + 1n]
  while (a !== 0n) {
    while ((a & 1n) === 0n) a >>= 1n
    while ((b & 1n) === 0n) b >>= 1n
    if (a < b) [a, b] = [b, a]
    a -= b
  }
  return b << twos
}

test('sums, products, quotients and order are those of cross multiplication, at any size', () => {
  property(([a, b], [c, d], [e, f]) => {
    const [x, y, z] = [fraction(a, b), fraction(c, d), fraction(e, f)]
    assertIs(x, [a, b])
    assertIs(add(x, y), [a * d + c * b, b * d])
    assertIs(multiply(x, y), [a * c, b * d])
    if (c !== 0n) assertIs(divide(x, y), [a * d, b * c])
    const cross = (a * d - c * b) * (b * d < 0n ? -1n : 1n)
    assert.equal(compare(x, y), cross < 0n ? -1 : cross > 0n ? 1 : 0)
    assertIs(sum([x, y, z]), [a * d * f + c * b * f + e * b * d, b * d * f])
  })
})

test('equal numbers are equal fractions', () => {
  property(([a, b], [c]) => {
    if (c !== 0n) assert.deepEqual(fraction(a * c, b * c), fraction(a, b))
  })
  assert.deepEqual(sum([]), zero)
  assert.deepEqual(fraction(0n, -7n), zero)
})

test('ten times a tenth is one, which it is not in floating point', () => {
  assert.deepEqual(sum(Array.from({ length: 10 }, () => fraction(1n, 10n))), fraction(1n))
  assert.notEqual(
    Array.from({ length: 10 }, () => 0.1).reduce((a, b) => a + b),
    1,
  )
})

test('what is written is read back', () => {
  property(([n, d]) => {
    const number = fraction(n < 0n ? -n : n, d < 0n ? -d : d)
    const text = formatFraction(number)
    // 2^200 has more digits than are read.
    if (text.split('/').every((part) => part.length <= 20)) assert.deepEqual(parseFraction(text), number)
  })
  fc.assert(
    fc.property(fc.bigInt(0n, 10n ** 20n - 1n), fc.bigInt(1n, 10n ** 40n - 1n), (n, d) => {
      assert.deepEqual(parseFraction(formatFraction(fraction(n, d))), fraction(n, d))
    }),
    { seed: 1 },
  )
})

test('decimals are taken digit by digit', () => {
  const read: [string, bigint, bigint][] = [
    ['3/200', 3n, 200n],
    ['6/400', 3n, 200n],
    ['0.015', 3n, 200n],
    ['1.5e-2', 3n, 200n],
    ['1e-9', 1n, 10n ** 9n],
    ['1E+3', 1000n, 1n],
    ['8', 8n, 1n],
    ['0', 0n, 1n],
    ['0.1', 1n, 10n],
  ]
  for (const [text, n, d] of read) assert.deepEqual(parseFraction(text), fraction(n, d), text)
  for (const text of ['', '1/0', '-1', '1/-2', '.5', '1.', '1,5', '1e', '0x10', ' 1', '1/2/3', 'NaN', '1e999'])
    assert.equal(parseFraction(text), undefined, text)
})

test('a double beside it: within two roundings, also where both parts are beyond the largest double', () => {
  assert.equal(toNumber(fraction(3n, 200n)), 0.015)
  assert.equal(toNumber(fraction(-1n, 4n)), -0.25)
  const huge = 10n ** 400n
  assert.ok(Math.abs(toNumber(fraction(huge + 1n, 3n * huge)) - 1 / 3) < 1e-15)
})

test('a denominator of zero is refused', () => {
  assert.throws(() => fraction(1n, 0n), RangeError)
  assert.throws(() => divide(fraction(1n), zero), RangeError)
})
