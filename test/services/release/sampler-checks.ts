/**
 * Whether integers come from a distribution that is known exactly: the checks of a sampler, for few draws in the tests and
 * for many in the attacks. Each deviation is in standard errors; 4.42 of them are exceeded once in 10^5 times.
 */

import type { Sampler } from '../../../services/release/discrete-laplace.ts'
import { boundsToNumber } from '../../../services/release/fixed-point.ts'
import type { Tail } from '../../../services/release/gaussian-tail.ts'
import type { RandomSource } from '../../../services/release/release-types.ts'
import { type ChiSquare, chiSquare } from './chi-square.ts'

export const standardErrorsMax = 4.42

export interface Drawn {
  readonly draws: number
  readonly counts: ReadonlyMap<number, number>
}

export function drawMany(sampler: Sampler, draws: number, random: RandomSource): Drawn {
  const counts = new Map<number, number>()
  for (let i = 0; i < draws; i++) {
    const z = Number(sampler(random))
    counts.set(z, (counts.get(z) ?? 0) + 1)
  }
  return { draws, counts }
}

/**
 * χ² against the exact probabilities.
 * @param binsMax merges values into about that many bins: fewer see a wrong scale sooner, more a wrong value
 */
export function fit({ draws, counts }: Drawn, tail: Tail, binsMax = Infinity): ChiSquare {
  const reach = reachOf(tail, draws)
  const values = Array.from({ length: 2 * reach + 1 }, (_, i) => i - reach)
  const bins = values.map((z) => ({
    count: counts.get(z) ?? 0,
    probability: boundsToNumber(tail.mass(BigInt(z))),
  }))
  return chiSquare(bins, draws, Math.max(50, draws / binsMax))
}

/** Named deviations from the exact distribution, in standard errors. */
export function deviations({ draws, counts }: Drawn, tail: Tail): Record<string, number> {
  let sum = 0
  let positive = 0
  let negative = 0
  for (const [z, count] of counts) {
    sum += z * count
    if (z > 0) positive += count
    if (z < 0) negative += count
  }
  const found: Record<string, number> = {
    mean: sum / Math.sqrt(draws * varianceOf(tail, draws)),
    symmetry: (positive - negative) / Math.sqrt(positive + negative),
  }
  for (const t of tailPoints(tail)) {
    const probability = boundsToNumber(tail.atLeast(BigInt(t)))
    for (const side of [1, -1]) {
      let beyond = 0
      for (const [z, count] of counts) if (z * side >= t) beyond += count
      const error = Math.sqrt(draws * probability * (1 - probability))
      found[`tail from ${t * side}`] = (beyond - draws * probability) / error
    }
  }
  for (const [z, count] of counts) {
    const next = counts.get(z + 1) ?? 0
    // Below that the logarithm of a count is not near enough to normal.
    if (count < 500 || next < 500) continue
    const exact = Math.log(boundsToNumber(tail.mass(BigInt(z + 1))) / boundsToNumber(tail.mass(BigInt(z))))
    found[`log-ratio at ${z}`] = (Math.log(next / count) - exact) / Math.sqrt(1 / count + 1 / next)
  }
  return found
}

export function worstOf(found: Record<string, number>): [name: string, deviation: number] {
  return Object.entries(found).reduce((worst, one) => (Math.abs(one[1]) > Math.abs(worst[1]) ? one : worst))
}

/** Beyond it not even a hundredth of a draw is expected. */
function reachOf(tail: Tail, draws: number): number {
  let reach = 1
  while (boundsToNumber(tail.atLeast(BigInt(reach))) * draws > 0.01) reach *= 2
  return reach
}

function varianceOf(tail: Tail, draws: number): number {
  let variance = 0
  for (let z = reachOf(tail, draws); z > 0; z--) variance += 2 * z * z * boundsToNumber(tail.mass(BigInt(z)))
  return variance
}

/** Where the tail falls below 16 %, 2.3 %, 0.14 %: one, two and three σ of a normal distribution. */
function tailPoints(tail: Tail): number[] {
  const points = [0.16, 0.023, 0.0014].map((probability) => {
    let t = 1
    while (boundsToNumber(tail.atLeast(BigInt(t))) > probability) t++
    return t
  })
  return [...new Set(points)]
}
