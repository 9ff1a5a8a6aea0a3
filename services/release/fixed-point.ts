/**
 * Numbers in [0, 1] between two bounds that are certain, as multiples of 2^-256: every rounding goes down below and up
 * above. A threshold decided by an upper bound is never too low by a rounding.
 */
import type { Fraction } from '../../shared/fraction.ts'
import { ceilDivide } from './integer-root.ts'

export interface Bounds {
  readonly lower: bigint
  readonly upper: bigint
}

const bits = 256n
/** What stands for 1. */
export const one = 1n << bits
const ones = one - 1n

export function multiplyBounds(a: Bounds, b: Bounds): Bounds {
  return { lower: (a.lower * b.lower) >> bits, upper: (a.upper * b.upper + ones) >> bits }
}

export function addBounds(a: Bounds, b: Bounds): Bounds {
  return { lower: a.lower + b.lower, upper: a.upper + b.upper }
}

/** @throws RangeError when the divisor may be zero */
export function divideBounds(a: Bounds, b: Bounds): Bounds {
  if (b.lower <= 0n) throw new RangeError('the divisor may be zero')
  return { lower: (a.lower << bits) / b.upper, upper: ceilDivide(a.upper << bits, b.lower) }
}

/** e^(-x) for x >= 0. */
export function expBounds({ numerator, denominator }: Fraction): Bounds {
  if (numerator < 0n) throw new RangeError('e^(-x) is bounded for x >= 0 only')
  // Halved until it is at most 1/2, then squared as often.
  let halvings = 0n
  while (numerator * 2n > denominator << halvings) halvings++
  let bounds = expOfSmall(numerator, denominator << halvings)
  for (; halvings > 0n; halvings--) bounds = multiplyBounds(bounds, bounds)
  return bounds
}

/** 1 - x + x²/2! - … for x <= 1/2: the terms fall and alternate, so what is left off is less than the first of it. */
function expOfSmall(numerator: bigint, denominator: bigint): Bounds {
  let term: Bounds = { lower: one, upper: one }
  let lower = one
  let upper = one
  for (let i = 1n; term.upper > 1n; i++) {
    const divisor = denominator * i
    term = { lower: (term.lower * numerator) / divisor, upper: ceilDivide(term.upper * numerator, divisor) }
    const minus = i % 2n === 1n
    lower += minus ? -term.upper : term.lower
    upper += minus ? -term.lower : term.upper
  }
  // The last term is at most one unit, and so is the remainder.
  return { lower: lower > 1n ? lower - 1n : 0n, upper: upper + 1n < one ? upper + 1n : one }
}

/** The middle, as a double; for showing and for statistics, never for deciding. */
export function boundsToNumber({ lower, upper }: Bounds): number {
  const middle = (lower + upper) >> 1n
  // 2^-256 is an ordinary double.
  return Number(middle) / 2 ** 256
}
