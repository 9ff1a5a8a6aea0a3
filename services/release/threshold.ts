/**
 * The threshold that hides whether anybody is in a cell. A unit that is alone in its C cells must show in none of them
 * but with probability δ; its shifted count is 1 there, so that it shows where 1 + Z >= T.
 */
import { compare, type Fraction, fraction } from '../../shared/fraction.ts'
import { type Bounds, one } from './fixed-point.ts'
import { gaussianTail, laplaceTail, type Tail } from './gaussian-tail.ts'

export interface ThresholdRequest {
  /** C: most cells that one unit counts in. */
  readonly cellsMax: number
  /** What the threshold may cost, between 0 and 1. */
  readonly delta: Fraction
}

/** Bounds the size of the numbers that are compared. */
const mostCells = 10_000

/**
 * T = 1 + min{ t >= 0 : 1 - (1 - Pr[Z >= t])^C <= δ } of discrete Gaussian noise; a count is kept iff it is >= T.
 * @throws RangeError
 */
export function gaussianThreshold({ variance, ...request }: ThresholdRequest & { variance: Fraction }): bigint {
  return thresholdOf(gaussianTail(variance), request)
}

/** The same of discrete Laplace noise; `scale` is b = C / ε. */
export function laplaceThreshold({ scale, ...request }: ThresholdRequest & { scale: Fraction }): bigint {
  return thresholdOf(laplaceTail(scale), request)
}

export function thresholdOf(tail: Tail, { cellsMax, delta }: ThresholdRequest): bigint {
  if (!Number.isInteger(cellsMax) || cellsMax < 1 || cellsMax > mostCells)
    throw new RangeError(`a unit counts in 1 to ${mostCells} cells`)
  if (delta.numerator <= 0n || compare(delta, fraction(1n)) >= 0)
    throw new RangeError('the δ of a threshold is between 0 and 1')
  const passes = (t: bigint) => isWithin(tail.atLeast(t), cellsMax, delta)
  let above = 1n
  while (!passes(above)) above *= 2n
  // The smallest t in [0, above] that passes: tails only fall.
  let low = 0n
  while (low < above) {
    const middle = (low + above) >> 1n
    if (passes(middle)) above = middle
    else low = middle + 1n
  }
  return 1n + low
}

/** Whether 1 - (1 - p)^C <= δ for every p within the bounds: decided by the upper one, in integers. */
export function isWithin({ upper }: Bounds, cellsMax: number, { numerator, denominator }: Fraction): boolean {
  if (upper >= one) return false
  const cells = BigInt(cellsMax)
  return (one - upper) ** cells * denominator >= (denominator - numerator) * one ** cells
}
