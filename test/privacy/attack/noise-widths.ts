/** The widths of noise that are tried, as σ²: a very narrow one, where rounding would show, and those that are in use. */
import { type Fraction, fraction } from '../../../shared/fraction.ts'

export const noiseWidths: readonly { readonly name: string; readonly variance: Fraction }[] = [
  { name: 'σ 1', variance: fraction(1) },
  { name: 'σ 8.2', variance: fraction(200, 3) },
  { name: 'σ 25.8', variance: fraction(2000, 3) },
  { name: 'σ 31.6', variance: fraction(1000) },
  { name: 'σ 206.6', variance: fraction(128_000, 3) },
]

/** A width scaled by so many hundredths. */
export function scaled(variance: Fraction, hundredths: number): Fraction {
  return fraction(variance.numerator * BigInt(hundredths) ** 2n, variance.denominator * 10_000n)
}
