/** The largest integer whose square is not above `value` >= 0; Newton's method from above, which only falls. */
export function floorRoot(value: bigint): bigint {
  if (value < 0n) throw new RangeError('a negative number has no real root')
  if (value < 2n) return value
  let root = 1n << BigInt((value.toString(2).length + 1) >> 1)
  for (;;) {
    const next = (root + value / root) >> 1n
    if (next >= root) return root
    root = next
  }
}

/** The smallest integer whose square is not below `value` >= 0. */
export function ceilRoot(value: bigint): bigint {
  const root = floorRoot(value)
  return root * root === value ? root : root + 1n
}

/** `a / b` rounded up; b > 0. */
export function ceilDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b
  return quotient * b < a ? quotient + 1n : quotient
}
