/**
 * Coins with exact probabilities; Algorithm 1 of Canonne, Kamath, Steinke, "The Discrete Gaussian for Differential
 * Privacy" (2020, arXiv 2004.00010).
 */
import type { RandomSource } from './release-types.ts'

/** True with probability numerator / denominator, which is in [0, 1]. */
export function bernoulli(numerator: bigint, denominator: bigint, random: RandomSource): boolean {
  return random.below(denominator) < numerator
}

/** True with probability e^(-γ), γ = numerator / denominator >= 0. */
export function bernoulliExp(numerator: bigint, denominator: bigint, random: RandomSource): boolean {
  let rest = numerator
  while (rest > denominator) {
    if (!bernoulliExpOfUnit(1n, 1n, random)) return false
    rest -= denominator
  }
  return bernoulliExpOfUnit(rest, denominator, random)
}

/** For γ in [0, 1]: the first K at which a coin of γ / K fails is odd with probability 1 - γ + γ²/2! - … = e^(-γ). */
function bernoulliExpOfUnit(numerator: bigint, denominator: bigint, random: RandomSource): boolean {
  let odd = true
  let bound = denominator
  while (random.below(bound) < numerator) {
    odd = !odd
    bound += denominator
  }
  return odd
}
