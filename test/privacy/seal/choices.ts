/**
 * Many choices of an attack, quickly: a generator whose seed comes from the source of randomness that the attack is given.
 * Nothing private hangs on them.
 */
import { Random } from '../../../services/command-line/demo-random.ts'
import type { RandomSource } from '../../../services/release/release-types.ts'

export class Choices extends Random {
  constructor(random: RandomSource) {
    super(Number(random.below(2n ** 32n)))
  }

  /** From 0 to below `bound`. */
  below(bound: number): number {
    return this.integer(0, bound - 1)
  }
}
