/** What careless noise is made of. */
import type { RandomSource } from '../../../services/release/release-types.ts'

/** A double in [0, 1) with 53 random bits. */
export function uniformDouble(random: RandomSource): number {
  return Number(random.below(2n ** 53n)) / 2 ** 53
}
