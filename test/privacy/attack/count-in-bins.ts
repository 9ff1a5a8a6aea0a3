/** Many draws counted by value. */
import type { Sampler } from '../../../services/release/discrete-laplace.ts'
import type { RandomSource } from '../../../services/release/release-types.ts'

const portion = 50_000

/** How often each value came. */
export function countValues(
  sampler: Sampler,
  draws: number,
  random: RandomSource,
  onDrawn: (draws: number) => void,
): Map<number, number> {
  const counts = new Map<number, number>()
  for (let i = 0; i < draws; i++) {
    const value = Number(sampler(random))
    counts.set(value, (counts.get(value) ?? 0) + 1)
    if ((i + 1) % portion === 0) onDrawn(portion)
  }
  onDrawn(draws % portion)
  return counts
}
