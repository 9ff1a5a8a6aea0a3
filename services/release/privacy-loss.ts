/**
 * What a ρ means in (ε, δ), for showing: budgets are kept and compared in ρ, as fractions.
 *
 * Days, datasets and levels add up: ρ by ρ (Bun, Steinke 2016, Lemma 1.7). Somebody with n identifiers has n²·ρ
 * (Proposition 1.9 there).
 */
import { add, type Fraction, fraction, multiply, sum, toNumber } from '../../shared/fraction.ts'

/**
 * ε = ρ + 2·√(ρ·ln(1/δ)): Bun, Steinke, "Concentrated Differential Privacy" (2016, arXiv 1605.02065), Proposition 1.3.
 * It is what we publish: simple to check, and never less than the tight one.
 */
export function epsilonOf(rho: Fraction, delta: Fraction): number {
  checkRange(rho, delta)
  const loss = toNumber(rho)
  return loss + 2 * Math.sqrt(loss * -Math.log(toNumber(delta)))
}

/**
 * The smallest ε that follows from ρ by Proposition 12 of Canonne, Kamath, Steinke 2020 (arXiv 2004.00010), as OpenDP
 * converts: the least over α > 1 of αρ + ln(1/(αδ)) / (α - 1) + ln(1 - 1/α). Every α gives a true bound, so that a
 * search that stops early is not wrong, only not the least.
 */
export function epsilonTight(rho: Fraction, delta: Fraction): number {
  checkRange(rho, delta)
  const loss = toNumber(rho)
  const logDelta = Math.log(toNumber(delta))
  const epsilonAt = (x: number) => {
    const above = Math.exp(x)
    const alpha = 1 + above
    return alpha * loss - (logDelta + Math.log1p(above)) / above + x - Math.log1p(above)
  }
  return Math.max(0, leastOver(epsilonAt, -20, 60))
}

/** δ of a whole release: where ε is stated, and what the thresholds cost on top of it. */
export function totalDelta(stated: Fraction, thresholds: Iterable<Fraction>): Fraction {
  return add(stated, sum(thresholds))
}

/** ρ of somebody who is `identifiers` units at once. */
export function groupRho(rho: Fraction, identifiers: number): Fraction {
  return multiply(rho, fraction(identifiers ** 2))
}

/** Golden-section search for the least value of a function that falls and then rises. */
function leastOver(valueAt: (x: number) => number, from: number, to: number): number {
  const golden = (Math.sqrt(5) - 1) / 2
  let [low, high] = [from, to]
  for (let i = 0; i < 100; i++) {
    const width = (high - low) * golden
    if (valueAt(high - width) < valueAt(low + width)) high = low + width
    else low = high - width
  }
  return valueAt((low + high) / 2)
}

function checkRange(rho: Fraction, delta: Fraction): void {
  if (rho.numerator < 0n) throw new RangeError('ρ is not below zero')
  if (delta.numerator <= 0n || delta.numerator >= delta.denominator) throw new RangeError('δ is between 0 and 1')
}
