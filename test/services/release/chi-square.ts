/** Pearson's χ² test, for samplers whose probabilities are known exactly. */
export interface ChiSquare {
  readonly statistic: number
  readonly degrees: number
  /** Probability of a statistic this high or higher, if the probabilities are right. */
  readonly p: number
}

/**
 * @param bins count and probability of each; neighbours are merged until at least `expectedMin` is expected in each. What
 *   is left of the probability is a bin of its own, into which what was counted nowhere falls.
 */
export function chiSquare(
  bins: Iterable<{ count: number; probability: number }>,
  draws: number,
  expectedMin = 50,
): ChiSquare {
  const merged: { count: number; expected: number }[] = []
  let open = { count: 0, expected: 0 }
  let counted = 0
  let expectedSum = 0
  for (const { count, probability } of bins) {
    counted += count
    expectedSum += probability * draws
    open = { count: open.count + count, expected: open.expected + probability * draws }
    if (open.expected < expectedMin) continue
    merged.push(open)
    open = { count: 0, expected: 0 }
  }
  const rest = { count: open.count + draws - counted, expected: open.expected + draws - expectedSum }
  const last = merged.at(-1)
  // Too little is expected in the rest for a bin of its own, but nothing may be lost of it.
  if (last && rest.expected < expectedMin) {
    last.count += rest.count
    last.expected += rest.expected
  } else merged.push(rest)
  const statistic = merged.reduce((sum, { count, expected }) => sum + (count - expected) ** 2 / expected, 0)
  const degrees = merged.length - 1
  return { statistic, degrees, p: upperGamma(degrees / 2, statistic / 2) }
}

/** Q(a, x), the regularised upper incomplete gamma function; Press et al., Numerical Recipes, 6.2. */
export function upperGamma(a: number, x: number): number {
  if (x <= 0) return 1
  const scale = Math.exp(-x + a * Math.log(x) - logGamma(a))
  if (x < a + 1) {
    let term = 1 / a
    let sum = term
    for (let i = 1; term > sum * 1e-16; i++) {
      term *= x / (a + i)
      sum += term
    }
    return 1 - sum * scale
  }
  let b = x + 1 - a
  let c = 1e300
  let d = 1 / b
  let fraction = d
  for (let i = 1; i < 10_000; i++) {
    const step = -i * (i - a)
    b += 2
    d = 1 / (step * d + b)
    c = b + step / c
    fraction *= d * c
    if (Math.abs(d * c - 1) < 1e-15) break
  }
  return fraction * scale
}

/** ln Γ(x) for x > 0, by Stirling's series from 20 on. */
function logGamma(x: number): number {
  if (x < 20) return logGamma(x + 1) - Math.log(x)
  return (
    (x - 0.5) * Math.log(x) - x + Math.log(2 * Math.PI) / 2 + 1 / (12 * x) - 1 / (360 * x ** 3) + 1 / (1260 * x ** 5)
  )
}
