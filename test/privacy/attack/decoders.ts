/** Ways to solve noisy sums for bits; of their own, since two short ones are easier to trust than a library. */
import type { Equation } from './secret-day.ts'

function apply(equations: readonly Equation[], x: Float64Array): Float64Array {
  return Float64Array.from(equations, ({ devices, weight }) => {
    let sum = 0
    for (const device of devices) sum += x[device] as number
    return weight * sum
  })
}

function applyTransposed(equations: readonly Equation[], y: Float64Array, unknowns: number): Float64Array {
  const sums = new Float64Array(unknowns)
  for (let row = 0; row < equations.length; row++) {
    const { devices, weight } = equations[row] as Equation
    for (const device of devices) sums[device] = (sums[device] as number) + weight * (y[row] as number)
  }
  return sums
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number)
  return sum
}

/** min |Ax - b|² + ridge·|x - 1/2|², by conjugate gradients. */
export function leastSquares(equations: readonly Equation[], unknowns: number, ridge: number): Float64Array {
  const x = new Float64Array(unknowns).fill(0.5)
  const fitted = apply(equations, x)
  let residual = applyTransposed(
    equations,
    Float64Array.from(equations, ({ value }, row) => value - (fitted[row] as number)),
    unknowns,
  )
  let direction = residual.slice()
  let size = dot(residual, residual)
  for (let step = 0; step < 4 * unknowns && size > 1e-12; step++) {
    const image = applyTransposed(equations, apply(equations, direction), unknowns).map(
      (value, i) => value + ridge * (direction[i] as number),
    )
    const length = size / dot(direction, image)
    for (let i = 0; i < unknowns; i++) x[i] = (x[i] as number) + length * (direction[i] as number)
    residual = residual.map((value, i) => value - length * (image[i] as number))
    const next = dot(residual, residual)
    direction = residual.map((value, i) => value + (next / size) * (direction[i] as number))
    size = next
  }
  return x
}

const steps = 1000

/** The linear program min |Ax - b|₁ with 0 <= x <= 1, by the primal-dual method (Chambolle, Pock 2011). */
export function leastAbsolute(equations: readonly Equation[], unknowns: number): Float64Array {
  const x = new Float64Array(unknowns).fill(0.5)
  let ahead = x.slice()
  const dual = new Float64Array(equations.length)
  // Step sizes by row and column (Pock, Chambolle 2011), since rows are of very different length.
  const rowStep = equations.map(({ devices, weight }) => 1 / (devices.length * weight))
  const columnSums = applyTransposed(equations, new Float64Array(equations.length).fill(1), unknowns)
  for (let step = 0; step < steps; step++) {
    const fitted = apply(equations, ahead)
    for (let row = 0; row < dual.length; row++) {
      const moved = (dual[row] as number) + (rowStep[row] as number) * ((fitted[row] as number) - equations[row]!.value)
      dual[row] = Math.max(-1, Math.min(1, moved))
    }
    const gradient = applyTransposed(equations, dual, unknowns)
    ahead = x.map((value, i) => {
      const next = Math.max(0, Math.min(1, value - (gradient[i] as number) / (columnSums[i] as number)))
      x[i] = next
      return 2 * next - value
    })
  }
  return x
}
