/**
 * Exact tails of the noise, between bounds. The tail of the continuous distribution is not one of integer noise: at
 * (C, ε) = (8, 1) its threshold exceeds δ by 4.6 %.
 */
import { divide, type Fraction, fraction } from '../../shared/fraction.ts'
import { addBounds, type Bounds, divideBounds, expBounds, multiplyBounds, one } from './fixed-point.ts'
import { ceilDivide } from './integer-root.ts'

export interface Tail {
  /** Pr[Z >= t]. */
  atLeast(t: bigint): Bounds
  /** Pr[Z = z]. */
  mass(z: bigint): Bounds
}

const certain: Bounds = { lower: one, upper: one }
/** A count with more noise than this says nothing; it bounds time and memory, of which there are 19 weights for each σ. */
const sigmaMax = 20_000n

/**
 * The discrete Gaussian's: Σ_{j>=t} e^(-j²/2σ²) / Σ_j e^(-j²/2σ²).
 * @throws RangeError when the variance is not above zero, or above 4·10^8
 */
export function gaussianTail(variance: Fraction): Tail {
  const { numerator: n, denominator: d } = variance
  if (n <= 0n || n > sigmaMax * sigmaMax * d) throw new RangeError('the variance must be above 0, and at most 4e8')
  const weights = gaussianWeights(variance)
  const rest = beyond(weights)
  // sums[t] is the sum of all weights from t on.
  const sums: Bounds[] = new Array(weights.length)
  let sum = rest
  for (let j = weights.length - 1; j >= 0; j--) {
    sum = addBounds(sum, weights[j] as Bounds)
    sums[j] = sum
  }
  const positive = sums[1] as Bounds
  const norm = addBounds(certain, addBounds(positive, positive))
  const shareOf = (some: readonly Bounds[], z: bigint) =>
    divideBounds((z < BigInt(some.length) ? some[Number(z)] : undefined) ?? rest, norm)
  const atLeast = (t: bigint): Bounds =>
    // Pr[Z >= t] = 1 - Pr[Z >= 1 - t], since Z is symmetric.
    t <= 0n ? complement(atLeast(1n - t)) : shareOf(sums, t)
  return { atLeast, mass: (z) => shareOf(weights, z < 0n ? -z : z) }
}

/** e^(-j²/2σ²) for j = 0, 1, … down to where 256 bits hold nothing of it; at least two. */
function gaussianWeights({ numerator, denominator }: Fraction): Bounds[] {
  // q = e^(-1/2σ²): from q^(j²) to q^((j+1)²) it is q^(2j+1), and from that to the next one q².
  let step = expBounds(fraction(denominator, 2n * numerator))
  const squared = multiplyBounds(step, step)
  const weights = [certain]
  // The lower bound falls to zero; the upper one, always rounded up, may not.
  for (let weight = certain; weight.lower > 0n || weights.length < 2; ) {
    weight = multiplyBounds(weight, step)
    step = multiplyBounds(step, squared)
    weights.push(weight)
  }
  return weights
}

/** All that comes after the last weight: each is at most q times the one before it. */
function beyond(weights: readonly Bounds[]): Bounds {
  const last = weights.at(-1) as Bounds
  const q = weights[1] as Bounds
  return { lower: 0n, upper: ceilDivide(last.upper * one, one - q.upper) }
}

/**
 * The discrete Laplace's: e^(-t/b) / (1 + e^(-1/b)) for t >= 1.
 * @throws RangeError when the scale is not above zero
 */
export function laplaceTail(scale: Fraction): Tail {
  if (scale.numerator <= 0n) throw new RangeError('the scale must be above zero')
  const decay = (t: bigint) => expBounds(divide(fraction(t), scale))
  const ratio = decay(1n)
  const norm = addBounds(certain, ratio)
  const atLeast = (t: bigint): Bounds => (t <= 0n ? complement(atLeast(1n - t)) : divideBounds(decay(t), norm))
  const mass = (z: bigint): Bounds => multiplyBounds(divideBounds(decay(z < 0n ? -z : z), norm), complement(ratio))
  return { atLeast, mass }
}

function complement({ lower, upper }: Bounds): Bounds {
  return { lower: upper > one ? 0n : one - upper, upper: one - lower }
}
