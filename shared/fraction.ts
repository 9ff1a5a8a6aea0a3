/**
 * Exact fractions of BigInts, always reduced, denominator above zero. Privacy budgets are added and compared with these:
 * with floating point 0.1 + 0.2 is already more than 0.3, and a budget would refuse, or grant, what it should not.
 */
export interface Fraction {
  readonly numerator: bigint
  readonly denominator: bigint
}

/** @throws RangeError when the denominator is zero */
export function fraction(numerator: bigint | number, denominator: bigint | number = 1n): Fraction {
  let n = BigInt(numerator)
  let d = BigInt(denominator)
  if (d === 0n) throw new RangeError('a fraction has no denominator of zero')
  if (d < 0n) {
    n = -n
    d = -d
  }
  const divisor = greatestCommonDivisor(n < 0n ? -n : n, d)
  return { numerator: n / divisor, denominator: d / divisor }
}

export const zero = fraction(0n)

/**
 * `3/200`, `8`, `0.015`, `1e-9`: decimal forms are taken digit by digit, never through a double.
 * @returns undefined for any other text
 */
export function parseFraction(text: string): Fraction | undefined {
  const ratio = /^(\d{1,40})\/(\d{1,40})$/.exec(text)
  if (ratio) return ratio[2] && BigInt(ratio[2]) !== 0n ? fraction(BigInt(ratio[1] ?? 0), BigInt(ratio[2])) : undefined
  const decimal = /^(\d{1,20})(?:\.(\d{1,20}))?(?:e([+-]?\d{1,2}))?$/i.exec(text)
  if (!decimal) return undefined
  const digits = decimal[2] ?? ''
  const exponent = Number(decimal[3] ?? 0) - digits.length
  const value = BigInt((decimal[1] ?? '') + digits)
  return exponent < 0 ? fraction(value, 10n ** BigInt(-exponent)) : fraction(value * 10n ** BigInt(exponent))
}

/** `3/200`, or `8` where the denominator is one; what `parseFraction` reads. */
export function formatFraction({ numerator, denominator }: Fraction): string {
  return denominator === 1n ? String(numerator) : `${numerator}/${denominator}`
}

export function add(a: Fraction, b: Fraction): Fraction {
  return fraction(a.numerator * b.denominator + b.numerator * a.denominator, a.denominator * b.denominator)
}

export function multiply(a: Fraction, b: Fraction): Fraction {
  return fraction(a.numerator * b.numerator, a.denominator * b.denominator)
}

/** @throws RangeError when `b` is zero */
export function divide(a: Fraction, b: Fraction): Fraction {
  return fraction(a.numerator * b.denominator, a.denominator * b.numerator)
}

/** Below, at or above zero as `a` is below, at or above `b`. */
export function compare(a: Fraction, b: Fraction): number {
  const difference = a.numerator * b.denominator - b.numerator * a.denominator
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

export function sum(all: Iterable<Fraction>): Fraction {
  let total = zero
  for (const one of all) total = add(total, one)
  return total
}

/** The nearest double or one beside it; for showing, never for deciding. */
export function toNumber({ numerator, denominator }: Fraction): number {
  // Numbers above 2^1024 would become infinite before they are divided.
  const bits = Math.max(bitLength(numerator), bitLength(denominator)) - 1000
  const shift = BigInt(Math.max(0, bits))
  return Number(numerator >> shift) / Number(denominator >> shift)
}

function bitLength(value: bigint): number {
  return (value < 0n ? -value : value).toString(2).length
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  while (b !== 0n) [a, b] = [b, a % b]
  return a === 0n ? 1n : a
}
