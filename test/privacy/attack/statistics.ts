/** Distributions that the attacks judge with, in doubles; the forms of Numerical Recipes, chapter 6. */

const tiny = 1e-300
const precision = 1e-15
const stepsMax = 1_000_000

export function logGamma(x: number): number {
  // Stirling's series from 15 on, where its fifth term is below a double's precision.
  let shift = 0
  let z = x
  for (; z < 15; z++) shift += Math.log(z)
  const inverse = 1 / (z * z)
  const series = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse * (1 / 1680 - inverse / 1188)))) / z
  return (z - 0.5) * Math.log(z) - z + 0.5 * Math.log(2 * Math.PI) + series - shift
}

/** Q(a, x): the upper part of the incomplete gamma function, of 1. */
export function upperGamma(a: number, x: number): number {
  if (x <= 0) return 1
  const front = Math.exp(a * Math.log(x) - x - logGamma(a))
  if (x < a + 1) {
    let term = 1 / a
    let sum = term
    for (let n = a + 1; term > sum * precision; n++) {
      term *= x / n
      sum += term
    }
    return 1 - sum * front
  }
  return front * continued(x + 1 - a, (i) => [-i * (i - a), x + 1 - a + 2 * i])
}

/** Φ */
export function normalCdf(x: number): number {
  const tail = upperGamma(0.5, (x * x) / 2) / 2
  return x < 0 ? tail : 1 - tail
}

/** Probability of a χ² at least as large. */
export function chiSquareTail(value: number, freedom: number): number {
  return upperGamma(freedom / 2, value / 2)
}

/** I_x(a, b): Pr[X <= x] of a beta variable. */
export function betaCdf(x: number, a: number, b: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  if (x > (a + 1) / (a + b + 2)) return 1 - betaCdf(1 - x, b, a)
  const front = Math.exp(a * Math.log(x) + b * Math.log1p(-x) + logGamma(a + b) - logGamma(a) - logGamma(b)) / a
  const terms = (i: number): [number, number] => {
    const m = i >> 1
    const numerator =
      i % 2 === 0
        ? (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
        : (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    return [numerator, 1]
  }
  return front * continued(1, terms)
}

/** 1 / (b0 + a1 / (b1 + a2 / (b2 + …))), by Lentz' way. */
function continued(b0: number, terms: (i: number) => [a: number, b: number]): number {
  let c = 1 / tiny
  let d = 1 / (Math.abs(b0) < tiny ? tiny : b0)
  let value = d
  for (let i = 1; i < stepsMax; i++) {
    const [a, b] = terms(i)
    d = 1 / nonZero(b + a * d)
    c = nonZero(b + a / c)
    const factor = c * d
    value *= factor
    if (Math.abs(factor - 1) < precision) return value
  }
  throw new Error('the continued fraction does not converge')
}

function nonZero(x: number): number {
  return Math.abs(x) < tiny ? tiny : x
}

/** One-sided bounds of a probability (Clopper, Pearson 1934): each is wrong with probability `alpha` at most. */
export function clopperPearson(hits: number, trials: number, alpha: number): { lower: number; upper: number } {
  return {
    lower: hits === 0 ? 0 : quantile((p) => betaCdf(p, hits, trials - hits + 1), alpha),
    upper: hits === trials ? 1 : quantile((p) => betaCdf(p, hits + 1, trials - hits), 1 - alpha),
  }
}

function quantile(cdf: (p: number) => number, wanted: number): number {
  let low = 0
  let high = 1
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2
    if (cdf(middle) < wanted) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/** Most that an attacker's accuracy may be: Φ(√(2ρ)/2) + δ; and the standard error at so many trials. */
export function accuracyBound(rho: number, delta: number, trials: number): { bound: number; error: number } {
  return { bound: normalCdf(Math.sqrt(2 * rho) / 2) + delta, error: 0.5 / Math.sqrt(trials) }
}

/** Standard errors that a two-sided test at 1e-5 allows. */
export const errorsAllowed = 4.42
