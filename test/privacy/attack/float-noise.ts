/** Noise as it should not be made: a normal variable in doubles (Box, Muller 1958), rounded. */
import type { Sampler } from '../../../services/release/discrete-laplace.ts'
import { type Fraction, toNumber } from '../../../shared/fraction.ts'
import { uniformDouble } from './uniform-double.ts'

export function floatGaussian(variance: Fraction): Sampler {
  const sigma = Math.sqrt(toNumber(variance))
  return (random) => {
    const radius = Math.sqrt(-2 * Math.log(1 - uniformDouble(random)))
    return BigInt(Math.round(sigma * radius * Math.cos(2 * Math.PI * uniformDouble(random))))
  }
}
