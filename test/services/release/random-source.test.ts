import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bernoulli, bernoulliExp } from '../../../services/release/bernoulli.ts'
import { cryptoRandom, sourceOver } from '../../../services/release/random-source.ts'
import { chiSquare } from './chi-square.ts'
import { standardErrorsMax } from './sampler-checks.ts'
import { seededRandom } from './seeded-random.ts'

const draws = 60_000

for (const bound of [1n, 2n, 3n, 7n, 1000n, 2n ** 31n + 1n, 2n ** 32n, 2n ** 32n + 1n, 3n * 2n ** 62n, 10n ** 40n]) {
  test(`integers below ${bound} are uniform`, () => {
    const random = seededRandom(`below ${bound}`)
    const bins = bound < 60n ? Number(bound) : 60
    // By remainder, and by size: a bias of either kind is seen.
    const byRemainder = new Array<number>(bins).fill(0)
    const bySize = new Array<number>(bins).fill(0)
    for (let i = 0; i < draws; i++) {
      const value = random.below(bound)
      assert.ok(value >= 0n && value < bound)
      const remainder = Number(value % BigInt(bins))
      const size = Number((value * BigInt(bins)) / bound)
      byRemainder[remainder] = (byRemainder[remainder] as number) + 1
      bySize[size] = (bySize[size] as number) + 1
    }
    if (bins === 1) return
    const shares = (count: (bin: bigint) => bigint) => (bin: number) => Number(count(BigInt(bin))) / Number(bound)
    const n = BigInt(bins)
    const ofRemainder = shares((bin) => (bound - bin + n - 1n) / n)
    const ceil = (a: bigint) => (a + n - 1n) / n
    const ofSize = shares((bin) => ceil((bin + 1n) * bound) - ceil(bin * bound))
    for (const [counts, share] of [
      [byRemainder, ofRemainder],
      [bySize, ofSize],
    ] as const) {
      const { p } = chiSquare(
        counts.map((count, bin) => ({ count, probability: share(bin) })),
        draws,
      )
      assert.ok(p > 1e-6, `p = ${p}`)
    }
  })
}

test('a remainder that is not uniform is found by the same check', () => {
  const random = seededRandom('modulo')
  const counts = [0, 0, 0]
  for (let i = 0; i < draws; i++) {
    const bin = Number(random.below(16n) % 3n)
    counts[bin] = (counts[bin] as number) + 1
  }
  assert.ok(
    chiSquare(
      counts.map((count) => ({ count, probability: 1 / 3 })),
      draws,
    ).p < 1e-6,
  )
})

test('what does not divide evenly is drawn again', () => {
  // 2^32 - 1 is 0 modulo 3, as 0 is: it must not count.
  const random = sourceOver(() => Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 5))
  assert.equal(random.below(3n), 2n)
  assert.equal(random.below(2n ** 32n), 2n ** 32n - 1n)
})

test('bytes are overwritten once they are used', () => {
  const pools: Uint8Array[] = []
  const random = sourceOver((bytes) => {
    const pool = new Uint8Array(bytes).fill(170)
    pools.push(pool)
    return pool
  })
  for (let i = 0; i < 100; i++) random.below(5n)
  const [pool] = pools
  assert.ok(pool)
  assert.ok(pool.subarray(0, 400).every((byte) => byte === 0))
  assert.ok(pool.subarray(400).every((byte) => byte === 170))
})

test('a source without bytes, or a bound below one, is refused', () => {
  assert.throws(() => sourceOver(() => new Uint8Array(0)).below(2n), RangeError)
  assert.throws(() => cryptoRandom.below(0n), RangeError)
  assert.throws(() => cryptoRandom.below(-1n), RangeError)
  const broken = sourceOver(() => {
    throw new Error('no entropy')
  })
  assert.throws(() => broken.below(2n), /no entropy/)
})

test('what production draws never comes again', () => {
  const some = Array.from({ length: 1000 }, () => cryptoRandom.below(2n ** 128n))
  assert.equal(new Set(some).size, 1000)
})

test('coins fall with the probability asked for', () => {
  const random = seededRandom('coins')
  const coins: [string, () => boolean, number][] = [
    ['3/7', () => bernoulli(3n, 7n, random), 3 / 7],
    ...(
      [
        [0n, 1n],
        [1n, 10n],
        [1n, 1n],
        [5n, 2n],
        [3n, 1n],
      ] as const
    ).map(([n, d]): [string, () => boolean, number] => [
      `e^(-${n}/${d})`,
      () => bernoulliExp(n, d, random),
      Math.exp(-Number(n) / Number(d)),
    ]),
  ]
  for (const [name, coin, probability] of coins) {
    let heads = 0
    for (let i = 0; i < draws; i++) if (coin()) heads++
    const error = Math.sqrt(draws * probability * (1 - probability))
    assert.ok(Math.abs(heads - draws * probability) <= standardErrorsMax * error, `${name}: ${heads} of ${draws}`)
  }
})
