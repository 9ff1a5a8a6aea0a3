import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { dominanceRule, smallestPublishedSum } from '../../../services/release/dominance.ts'
import { drawRelease, nearThresholdBelow, shiftedCount } from '../../../services/release/draw-release.ts'
import { levelParameters } from '../../../services/release/level-parameters.ts'
import type { ExactCell, LevelParameters, ReleaseSpecification } from '../../../services/release/release-types.ts'
import { type Fraction, fraction, toNumber } from '../../../shared/fraction.ts'
import { standardErrorsMax } from './sampler-checks.ts'
import { seededRandom } from './seeded-random.ts'

const delta = fraction(1n, 10n ** 9n)
const k = 20
const leaf = level('leaf', ['country', 'browser'], 8, fraction(12n, 1000n), 8n)
const parent = level('parent', ['browser'], 2, fraction(2n, 1000n), 32n)
const total = level('total', [], 1, fraction(1n, 1000n), 32n)

function level(name: string, by: string[], cellsMax: number, rho: Fraction, unitMax: bigint): LevelParameters {
  return levelParameters({ level: name, by, cellsMax, rho, delta, sums: [{ id: 'events', unitMax }] })
}

function specificationOf(levels: LevelParameters[]): ReleaseSpecification {
  return {
    ...{ dataset: 'example', dimensions: ['browser', 'country'], sums: ['events'], k, rho: fraction(15n, 1000n) },
    ...{ deltaThreshold: delta, delta, levels, hash: '0'.repeat(64) },
  }
}

function cell(values: string[], devices: number, events: bigint): ExactCell {
  return { values, devices, sums: [events] }
}

/** Many cells of one size, under names of their own. */
function* cellsOf(devices: number, count: number, events = BigInt(devices)): Iterable<ExactCell> {
  for (let i = 0; i < count; i++) yield cell(['AT', `browser ${i}`], devices, events)
}

function drawLeaf(cells: Iterable<ExactCell>, parameters = leaf, seed = 'draw') {
  return drawRelease(new Map([['leaf', cells]]), specificationOf([parameters]), seededRandom(seed))
}

test('rows are sorted by level and bytes, with a null where the level lacks a dimension', () => {
  const big = 100_000
  const cells = new Map<string, ExactCell[]>([
    ['total', [cell([], big, 900_000n)]],
    [
      'leaf',
      [
        cell(['DE', 'b'], big, 900_000n),
        cell(['AT', '\u{1f600}'], big, 900_000n),
        cell(['AT', '\ue000'], big, 900_000n),
        cell(['AT', 'ä'], big, 900_000n),
        cell(['AT', 'b'], big, 900_000n),
        cell(['AT', 'Z'], big, 900_000n),
      ],
    ],
    ['parent', [cell(['b'], big, 900_000n)]],
  ])
  const rows = drawRelease(cells, specificationOf([leaf, parent, total]), seededRandom('order'))
  assert.deepEqual(
    rows.map(({ level, values }) => [level, ...values]),
    [
      ['leaf', 'Z', 'AT'],
      ['leaf', 'b', 'AT'],
      ['leaf', 'b', 'DE'],
      ['leaf', 'ä', 'AT'],
      ['leaf', '\ue000', 'AT'],
      ['leaf', '\u{1f600}', 'AT'],
      ['parent', 'b', null],
      ['total', null, null],
    ],
  )
  assert.ok(rows.every(({ flags }) => flags.length === 0))
})

test('cells of 1 to k - 1 devices are never released, not even without a threshold', () => {
  const open = { ...leaf, threshold: -1_000_000n }
  for (let devices = 0; devices < k; devices++) assert.deepEqual(drawLeaf(cellsOf(devices, 200), open), [])
  // The control: at k devices all of them are there.
  assert.equal(drawLeaf(cellsOf(k, 200), open).length, 200)
})

test('one device more or less changes the shifted count by one at most', () => {
  for (let devices = 0; devices < 100; devices++) {
    const step = shiftedCount(devices + 1, k) - shiftedCount(devices, k)
    assert.ok(step === 0n || step === 1n)
    assert.equal(shiftedCount(devices, k) === 0n, devices < k)
  }
})

test('a published count is the count plus noise of σ, without bias far above the threshold', () => {
  const [devices, count] = [10_000, 20_000]
  const rows = drawLeaf(cellsOf(devices, count, 50_000n))
  assert.equal(rows.length, count)
  const noises: [number[], Fraction][] = [
    [rows.map((row) => Number(row.devices) - devices), leaf.varianceDevices],
    [rows.map((row) => Number(row.sums[0]) - 50_000), leaf.sums[0]?.variance as Fraction],
  ]
  for (const [noise, variance] of noises) {
    const exact = toNumber(variance)
    const mean = noise.reduce((a, b) => a + b) / count
    const square = noise.reduce((a, b) => a + b * b, 0) / count
    assert.ok(Math.abs(mean) < standardErrorsMax * Math.sqrt(exact / count), `mean ${mean}`)
    assert.ok(Math.abs(square - exact) < standardErrorsMax * exact * Math.sqrt(2 / count), `variance ${square}`)
  }
})

test('a row is there iff its shifted noisy count reaches T, about half of the time at T + k - 1 devices', () => {
  const devices = Number(leaf.threshold) + k - 1
  assert.equal(devices, 184)
  const rows = drawLeaf(cellsOf(devices, 20_000))
  const smallest = leaf.threshold + BigInt(k - 1)
  assert.ok(rows.every(({ devices }) => devices >= smallest))
  assert.ok(rows.some(({ devices }) => devices === smallest))
  assert.ok(Math.abs(rows.length / 20_000 - 0.5077) < 0.02, String(rows.length))
})

test('near_threshold is set below T + 2σ and nowhere else', () => {
  const { numerator, denominator } = leaf.varianceDevices
  const rows = drawLeaf(cellsOf(230, 20_000, 10_000n))
  const isNear = (published: bigint) => {
    const above = published - BigInt(k - 1) - leaf.threshold
    return above * above * denominator < 4n * numerator
  }
  const near = rows.filter(({ flags }) => flags.includes('near_threshold'))
  assert.ok(near.length > 1000 && near.length < rows.length - 1000)
  for (const { devices, flags } of rows) assert.equal(flags.includes('near_threshold'), isNear(devices))
  // 2σ is 51.6 at a leaf; and where it is a whole number, T + 2σ itself is not near.
  assert.equal(nearThresholdBelow(leaf), 165n + 52n)
  assert.equal(nearThresholdBelow({ ...leaf, varianceDevices: fraction(100n) }), 165n + 20n)
})

test('a sum that could be mostly one or two units is withheld, and the row says so', () => {
  const [events] = leaf.sums
  assert.ok(events)
  const smallest = smallestPublishedSum(events)
  // 3·206.6 + 8·200/85
  assert.equal(smallest, 639n)
  const rows = drawLeaf(cellsOf(5000, 5000, smallest))
  const withheld = rows.filter(({ sums }) => sums[0] === null)
  assert.ok(withheld.length > 2000 && withheld.length < 3000, String(withheld.length))
  for (const { sums, flags } of rows) {
    assert.equal(flags.includes('withheld'), sums[0] === null)
    if (typeof sums[0] === 'bigint') assert.ok(sums[0] >= smallest)
  }
})

test('the smallest published sum is the one of the rule, to the integer', () => {
  const { p, n, kappa } = dominanceRule
  const parameters = [fc.bigInt(1n, 10n ** 9n), fc.bigInt(1n, 10n ** 20n), fc.bigInt(1n, 10n ** 6n)] as const
  fc.assert(
    fc.property(...parameters, (unitMax, numerator, denominator) => {
      const variance = fraction(numerator, denominator)
      const smallest = smallestPublishedSum({ unitMax, variance })
      const passes = (sum: bigint) => {
        // Both sides times 100·κ: S·100κ - bound >= 3σ·100κ.
        const byP = unitMax * (200n + p) * kappa
        const byKappa = 100n * n * unitMax * 100n
        const above = sum * 100n * kappa - (byP > byKappa ? byP : byKappa)
        return above >= 0n && above ** 2n * variance.denominator >= 9n * variance.numerator * (100n * kappa) ** 2n
      }
      assert.ok(passes(smallest))
      assert.ok(!passes(smallest - 1n))
    }),
    { seed: 1 },
  )
})

test('cells are read once, as they come, and what is not asked for is refused', () => {
  let reads = 0
  const once = {
    *[Symbol.iterator]() {
      reads++
      yield* cellsOf(1000, 3)
    },
  }
  assert.equal(drawLeaf(once).length, 3)
  assert.equal(reads, 1)
  assert.deepEqual(drawRelease(new Map(), specificationOf([leaf, total]), seededRandom('none')), [])
  const refused: [Iterable<ExactCell>, RegExp][] = [
    [[...cellsOf(1000, 1), ...cellsOf(1000, 1)], /came twice/],
    [[cell(['AT'], 1000, 1000n)], /another number of values/],
    [[{ values: ['AT', 'b'], devices: 1000, sums: [] }], /another number of values or sums/],
    [[cell(['AT', 'b'], 10.5, 1000n)], /whole number/],
    [[cell(['AT', 'b'], -1, 1000n)], /whole number/],
    [[cell(['AT', 'b'], Number.NaN, 1000n)], /whole number/],
  ]
  for (const [cells, message] of refused) assert.throws(() => drawLeaf(cells), message)
  const named = new Map([['leaves', cellsOf(1000, 1)]])
  assert.throws(() => drawRelease(named, specificationOf([leaf]), seededRandom('name')), /no level leaves/)
  assert.throws(() => drawLeaf([], { ...leaf, by: ['country', 'city'] }), /no dimension/)
})

test('the same cells in another order give a release of the same shape, and noise of its own', () => {
  const cells = [...cellsOf(1000, 50)]
  const [one, other] = [drawLeaf(cells), drawLeaf([...cells].reverse(), leaf, 'again')]
  const shape = (rows: typeof one) => rows.map(({ values }) => values)
  assert.deepEqual(shape(one), shape(other))
  assert.notDeepEqual(one, other)
})
