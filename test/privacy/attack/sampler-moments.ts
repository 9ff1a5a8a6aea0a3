/** Row 2: mean, symmetry, tails and log-ratio of the noise, each within 4.42 standard errors. */
import type { Sampler } from '../../../services/release/discrete-laplace.ts'
import type { RandomSource } from '../../../services/release/release-types.ts'
import { toNumber } from '../../../shared/fraction.ts'
import { type Attack, type AttackTools, verdictOf } from './attack-types.ts'
import { countValues } from './count-in-bins.ts'
import { exactGaussian } from './exact-noise.ts'
import { floatGaussian } from './float-noise.ts'
import { production } from './mechanism.ts'
import { noiseWidths } from './noise-widths.ts'
import { errorsAllowed } from './statistics.ts'

interface Finding {
  readonly what: string
  /** Distance from what is exact, in standard errors. */
  readonly errors: number
}

/** Every distance from what the draws should be. */
export function momentFindings(counts: ReadonlyMap<number, number>, draws: number, variance: number): Finding[] {
  const exact = exactGaussian(variance)
  const found: Finding[] = []
  const note = (what: string, seen: number, expected: number, error: number) =>
    found.push({ what, errors: Math.abs(seen - expected) / error })
  let sum = 0
  let balance = 0
  for (const [value, count] of counts) {
    sum += value * count
    balance += Math.sign(value) * count
  }
  const nonZero = draws - (counts.get(0) ?? 0)
  note('mean', sum / draws, 0, exact.sigma / Math.sqrt(draws))
  note('symmetry', balance, 0, Math.sqrt(nonZero))
  for (const widths of [1, 2, 3, 4]) {
    const t = Math.max(1, Math.round(widths * exact.sigma))
    const p = exact.atLeast(t)
    if (draws * p < 20) continue
    for (const sign of [-1, 1]) {
      const seen = [...counts].reduce((all, [value, count]) => (sign * value >= t ? all + count : all), 0)
      note(`tail at ${sign * t}`, seen, draws * p, Math.sqrt(draws * p * (1 - p)))
    }
  }
  const step = Math.max(1, Math.round(exact.sigma))
  for (const x of [-2 * step, -step, 0, step, 2 * step]) {
    const y = x + Math.sign(x || 1) * step
    const [a, b] = [counts.get(x) ?? 0, counts.get(y) ?? 0]
    if (Math.min(a, b) < 50) continue
    note(`log-ratio of ${x} to ${y}`, Math.log(a / b), (y * y - x * x) / (2 * variance), Math.sqrt(1 / a + 1 / b))
  }
  return found
}

async function run({ trials, random, onProgress }: AttackTools) {
  let drawn = 0
  const onDrawn = (draws: number) => {
    drawn += draws
    onProgress(drawn / (noiseWidths.length + 2))
  }
  const narrow = noiseWidths[0]!
  const worst = (sampler: Sampler, variance: number): Finding =>
    momentFindings(countValues(sampler, trials, random, onDrawn), trials, variance).reduce((a, b) =>
      b.errors > a.errors ? b : a,
    )
  const own = noiseWidths.map(({ name, variance }) => ({
    name,
    ...worst(production.gaussian(variance), toNumber(variance)),
  }))
  const float = worst(floatGaussian(narrow.variance), toNumber(narrow.variance))
  const wide = noiseWidths[2]!
  const noise = production.gaussian(wide.variance)
  const shifted = worst((from: RandomSource) => noise(from) + 1n, toNumber(wide.variance))
  const errors = Math.max(...own.map((one) => one.errors))
  const controlErrors = Math.min(float.errors, shifted.errors)
  return {
    trials: trials * noiseWidths.length,
    figure: `${errors.toFixed(2)} errors`,
    bound: `${errorsAllowed} errors`,
    controlFigure: `${controlErrors.toFixed(1)} errors`,
    verdict: verdictOf(errors <= errorsAllowed, controlErrors > errorsAllowed),
    detail: [
      ...own.map(({ name, what, errors }) => `${name}: ${what} is ${errors.toFixed(2)} standard errors off, the most`),
      `rounded Box-Muller at ${narrow.name}: ${float.what} ${float.errors.toFixed(1)} standard errors off`,
      `noise moved by 1 at ${wide.name}: ${shifted.what} ${shifted.errors.toFixed(1)} standard errors off`,
    ],
  }
}

export const samplerMoments: Attack = {
  id: 'sampler-moments',
  name: 'sampler: mean, symmetry, tails, log-ratio',
  trials: 1_000_000,
  trialsShort: 100_000,
  run,
}
