/**
 * Row 9: nothing is rounded and nothing overflows. Counts and sums around 2^53 and far beyond go through what a release
 * does with them, and are compared with integers computed here; the control does the same in doubles.
 */
import path from 'node:path'
import { discreteGaussian } from '../../../services/release/discrete-gaussian.ts'
import { drawRelease } from '../../../services/release/draw-release.ts'
import { ceilRoot, floorRoot } from '../../../services/release/integer-root.ts'
import { releaseFiles } from '../../../services/release/release-files.ts'
import type { RandomSource } from '../../../services/release/release-types.ts'
import { CellTotals } from '../../../services/worker/seal/exact-cells.ts'
import { add, compare, fraction } from '../../../shared/fraction.ts'
import { withTemporaryDirectory } from '../../fixtures/temporary-directory.ts'
import { seededRandom } from '../../services/release/seeded-random.ts'
import { type Attack, type AttackTools, verdictOf } from './attack-types.ts'
import { specification } from './sybil-scene.ts'

const safe = BigInt(Number.MAX_SAFE_INTEGER)
const total = specification.levels.find(({ by }) => by.length === 0)!

/** An integer of up to 2^bits, often within 9 of a power of two, where doubles begin to fail. */
function awkward(random: RandomSource, bits: number): bigint {
  const power = 1n << random.below(BigInt(bits + 1))
  const near = power + random.below(19n) - 9n
  const value = random.below(2n) === 1n ? near : random.below(power) + 1n
  return value < 1n ? 1n : value
}

/** A row against its cell, with the same noise drawn once more. @returns whether it is exact, and whether doubles are */
function rowIsExact(random: RandomSource): { exact: boolean; inDoubles: boolean } {
  const seed = String(random.below(1n << 64n))
  const devices = Number(awkward(random, 52)) + 10_000
  const events = awkward(random, 120) + 100_000n
  const cells = new Map([[total.level, [{ values: [], devices, sums: [events] }]]])
  const [row] = drawRelease(cells, specification, seededRandom(seed))
  const again = seededRandom(seed)
  const ofDevices = discreteGaussian(total.varianceDevices)(again)
  const ofEvents = discreteGaussian(total.sums[0]!.variance)(again)
  const published = row?.sums[0] ?? 0n
  return {
    exact: row?.devices === BigInt(devices) + ofDevices && published === events + ofEvents,
    inDoubles: BigInt(Number(events) + Number(ofEvents)) === events + ofEvents,
  }
}

/** Sums of many units, partly on disk. */
async function totalsAreExact(random: RandomSource): Promise<boolean> {
  return withTemporaryDirectory(async (dir) => {
    const totals = new CellTotals(path.join(dir, 'runs'), 1, 2)
    const expected = new Map<string, bigint>()
    for (let unit = 0; unit < 40; unit++) {
      const cell = JSON.stringify([`v${random.below(4n)}`])
      const value = Number(safe - random.below(3n))
      totals.add(0, { cell, sums: [value] })
      expected.set(cell, (expected.get(cell) ?? 0n) + BigInt(value))
      await totals.spill()
    }
    return [...totals.cells(0)].every(({ values, sums }) => sums[0] === expected.get(JSON.stringify(values)))
  })
}

/** Files have every integer that JSON can hold, digit by digit, and refuse the others. */
async function filesAreExact(random: RandomSource): Promise<boolean> {
  const events = awkward(random, 60)
  const row = { level: total.level, values: [null, null], devices: 1000n, sums: [events], flags: [] }
  const asked: string[] = []
  const exportBytes = async (sql: string) => {
    asked.push(sql)
    return Buffer.alloc(0)
  }
  try {
    await releaseFiles({ exportBytes }, specification, [row])
    return events <= safe && asked.every((sql) => sql.includes(`1000,${events},`))
  } catch (error) {
    return error instanceof RangeError && events > safe
  }
}

function arithmeticIsExact(random: RandomSource): boolean {
  const [a, b, c, d] = Array.from({ length: 4 }, () => awkward(random, 200)) as [bigint, bigint, bigint, bigint]
  const sum = add(fraction(a, b), fraction(c, d))
  const order = compare(fraction(a, b), fraction(c, d))
  const down = floorRoot(a)
  const up = ceilRoot(a)
  return (
    sum.numerator * b * d === (a * d + c * b) * sum.denominator &&
    Math.sign(order) === (a * d < c * b ? -1 : a * d > c * b ? 1 : 0) &&
    down * down <= a &&
    (down + 1n) ** 2n > a &&
    up * up >= a &&
    (up - 1n) ** 2n < a
  )
}

const slowEvery = 50

async function run({ trials, random, onProgress }: AttackTools) {
  const wrong = { rows: 0, arithmetic: 0, totals: 0, files: 0 }
  let wrongInDoubles = 0
  for (let trial = 0; trial < trials; trial++) {
    const { exact, inDoubles } = rowIsExact(random)
    if (!exact) wrong.rows++
    if (!inDoubles) wrongInDoubles++
    if (!arithmeticIsExact(random)) wrong.arithmetic++
    if (!(await filesAreExact(random))) wrong.files++
    if (trial % slowEvery === 0 && !(await totalsAreExact(random))) wrong.totals++
    onProgress(trial + 1)
  }
  const all = Object.values(wrong).reduce((sum, one) => sum + one, 0)
  return {
    trials,
    figure: `${all} wrong`,
    bound: '0',
    controlFigure: `${wrongInDoubles} wrong in doubles`,
    verdict: verdictOf(all === 0, wrongInDoubles > 0),
    detail: [
      Object.entries(wrong)
        .map(([what, count]) => `${what} ${count}`)
        .join(', '),
    ],
  }
}

export const integers: Attack = {
  id: 'integers',
  name: 'integers around 2^53 and beyond',
  trials: 20_000,
  trialsShort: 500,
  run,
}
