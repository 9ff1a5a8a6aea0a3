/**
 * What the noise should be, computed in another way than the code that is tried: doubles and plain sums, good to about
 * twelve digits.
 */
export interface ExactNoise {
  /** Pr[Z = z] */
  mass(z: number): number
  /** Pr[Z >= t] */
  atLeast(t: number): number
  readonly sigma: number
}

export function exactGaussian(variance: number): ExactNoise {
  const weights: number[] = []
  for (let j = 0; weights.length < 2 || (weights.at(-1) as number) > 0; j++)
    weights.push(Math.exp(-(j * j) / (2 * variance)))
  return exactFrom(weights)
}

export function exactLaplace(scale: number): ExactNoise {
  const weights: number[] = []
  for (let j = 0; weights.length < 2 || (weights.at(-1) as number) > 0; j++) weights.push(Math.exp(-j / scale))
  return exactFrom(weights)
}

/** @param weights of 0, 1, …; those of -1, … are the same */
function exactFrom(weights: readonly number[]): ExactNoise {
  const from = new Float64Array(weights.length + 1)
  // The smallest first, so that nothing is lost.
  for (let j = weights.length - 1; j >= 0; j--) from[j] = (from[j + 1] as number) + (weights[j] as number)
  const total = 2 * (from[1] as number) + 1
  const variance = weights.reduceRight((sum, weight, j) => sum + 2 * weight * j * j, 0) / total
  const atLeast = (t: number): number => (t <= 0 ? 1 - atLeast(1 - t) : (from[t] ?? 0) / total)
  return { mass: (z) => (weights[Math.abs(z)] ?? 0) / total, atLeast, sigma: Math.sqrt(variance) }
}
