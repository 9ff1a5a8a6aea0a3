/**
 * Row 11: an analyst who asks for every table and solves for what is hidden, on small random data. The same attacker as in
 * the tests of suppression, which try more shapes.
 */
import type { RandomSource } from '../../../services/release/release-types.ts'
import { askEverything, type Report, workedOut } from '../../services/reporting/differencing-attacker.ts'
import { type Attack, type AttackTools, verdictOf } from './attack-types.ts'

const k = 5
const shapes = [[6], [3, 4], [2, 3, 2], [3, 3, 2]] as const

function randomReports(sizes: readonly number[], random: RandomSource): Report[] {
  const below = (bound: number) => Number(random.below(BigInt(bound)))
  const combinations = sizes.reduce<string[][]>(
    (all, size) => all.flatMap((values) => Array.from({ length: size }, (_, index) => [...values, `v${index}`])),
    [[]],
  )
  // Half of the tables have holes.
  const sparse = below(2) === 1
  return combinations.flatMap((values) =>
    sparse && below(2) === 1
      ? []
      : Array.from({ length: 1 + below(14) }, () => ({ sender: below(40), events: 1 + below(9), values })),
  )
}

async function run({ trials, random, onProgress }: AttackTools) {
  let determined = 0
  let controlTables = 0
  for (let table = 0; table < trials; table++) {
    const sizes = shapes[table % shapes.length]!
    const reports = randomReports(sizes, random)
    const found = (options: { together?: boolean; complementary?: boolean }) =>
      workedOut(askEverything(reports, sizes.length, k, options), k).length
    determined += found({ together: true })
    if (found({ complementary: false }) > 0) controlTables++
    onProgress(table + 1)
  }
  return {
    trials,
    figure: `${determined} cells found`,
    bound: '0',
    controlFigure: `found in ${controlTables} tables`,
    verdict: verdictOf(determined === 0, controlTables > 0),
    detail: [`without complements cells under k = ${k} are found in ${controlTables} of ${trials} tables`],
  }
}

export const analystSuppression: Attack = {
  id: 'analyst-suppression',
  name: "analysts' tables: cells under k worked out",
  trials: 2000,
  trialsShort: 60,
  run,
}
