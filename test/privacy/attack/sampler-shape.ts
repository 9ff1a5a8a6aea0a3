/** Row 1: does the sampler draw the distribution that everything else rests on? χ² against the exact probabilities. */
import type { RandomSource } from '../../../services/release/release-types.ts'
import { toNumber } from '../../../shared/fraction.ts'
import { type Attack, type AttackTools, verdictOf } from './attack-types.ts'
import { countValues } from './count-in-bins.ts'
import { exactGaussian } from './exact-noise.ts'
import { type Mechanism, production } from './mechanism.ts'
import { noiseWidths, scaled } from './noise-widths.ts'
import { chiSquareTail } from './statistics.ts'

const expectedMin = 50
const pMin = 1e-6

/** χ² of counts: a bin for each value that is expected 50 times, and one for each tail. */
export function chiSquare(counts: ReadonlyMap<number, number>, draws: number, variance: number) {
  const exact = exactGaussian(variance)
  let edge = 0
  while (draws * exact.mass(edge + 1) >= expectedMin) edge++
  let value = 0
  let inside = 0
  for (let z = -edge; z <= edge; z++) {
    const expected = draws * exact.mass(z)
    const seen = counts.get(z) ?? 0
    inside += seen
    value += (seen - expected) ** 2 / expected
  }
  // Both tails together: each alone may be expected less than 50 times.
  const expected = 2 * draws * exact.atLeast(edge + 1)
  value += (draws - inside - expected) ** 2 / expected
  return { value, p: chiSquareTail(value, 2 * edge + 1) }
}

/** The smallest p of the widths, the first `widths` of them. */
export function worstShape(
  mechanism: Pick<Mechanism, 'gaussian'>,
  draws: number,
  random: RandomSource,
  onDrawn: (draws: number) => void,
  widths = noiseWidths,
) {
  const tried = widths.map(({ name, variance }) => {
    const counts = countValues(mechanism.gaussian(variance), draws, random, onDrawn)
    return { name, ...chiSquare(counts, draws, toNumber(variance)) }
  })
  return { p: Math.min(...tried.map(({ p }) => p)), tried }
}

export const isRejected = (p: number) => p <= pMin

async function run({ trials, random, onProgress }: AttackTools) {
  // Wide noise has many bins with few draws each: a short form cannot tell 2 % there.
  const widths = trials < 1e6 ? noiseWidths.slice(0, 3) : noiseWidths
  let drawn = 0
  const onDrawn = (draws: number) => {
    drawn += draws
    onProgress(drawn / (3 * widths.length))
  }
  const own = worstShape(production, trials, random, onDrawn, widths)
  const controls = [98, 102].map((hundredths) => {
    const gaussian: Mechanism['gaussian'] = (variance) => production.gaussian(scaled(variance, hundredths))
    return worstShape({ gaussian }, trials, random, onDrawn, widths)
  })
  const controlP = Math.max(...controls.flatMap(({ tried }) => tried.map(({ p }) => p)))
  return {
    trials: trials * widths.length,
    figure: `p ${own.p.toPrecision(2)}`,
    bound: `p > ${pMin}`,
    controlFigure: `p ${controlP.toPrecision(2)} at ±2 %`,
    verdict: verdictOf(!isRejected(own.p), isRejected(controlP)),
    detail: own.tried.map(
      ({ name, p }, index) =>
        `${name}: p ${p.toPrecision(3)}; ${controls.map(({ tried }) => tried[index]?.p.toPrecision(2)).join(' and ')} at -2 % and +2 %`,
    ),
  }
}

export const samplerShape: Attack = {
  id: 'sampler-shape',
  name: 'sampler: χ² against the exact distribution',
  trials: 1_000_000,
  trialsShort: 200_000,
  run,
}
