import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ceilDivide, ceilRoot, floorRoot } from '../../../services/release/integer-root.ts'

test('roots are the integers around the real one, at every size', () => {
  const near = fc.tuple(fc.bigInt(0n, 2n ** 300n), fc.bigInt(-1n, 1n)).map(([root, off]) => root * root + off)
  fc.assert(
    fc.property(fc.oneof(near, fc.bigInt(0n, 1000n), fc.bigInt(0n, 2n ** 600n)), (any) => {
      const value = any < 0n ? 0n : any
      const [floor, ceil] = [floorRoot(value), ceilRoot(value)]
      assert.ok(floor * floor <= value && (floor + 1n) ** 2n > value)
      assert.ok(ceil * ceil >= value && (ceil === 0n || (ceil - 1n) ** 2n < value))
    }),
    { seed: 1, numRuns: 2000 },
  )
  assert.throws(() => floorRoot(-1n), RangeError)
})

test('a quotient is rounded up, below zero as well', () => {
  fc.assert(
    fc.property(fc.bigInt(-1000n, 1000n), fc.bigInt(1n, 50n), (a, b) => {
      assert.equal(ceilDivide(a, b), BigInt(Math.ceil(Number(a) / Number(b))))
    }),
    { seed: 1 },
  )
})
