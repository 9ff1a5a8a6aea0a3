/** A row of samples, and whether it is flat. */

export interface Series {
  readonly first: number
  readonly last: number
  readonly max: number
  /** Of the second, third and last third: the first belongs to warming up. */
  readonly thirds: readonly [number, number, number]
}

/** Medians by thirds. @param samples at least three */
export function seriesOf(samples: readonly number[]): Series {
  const third = (number: number) =>
    samples.slice(Math.floor((samples.length * number) / 3), Math.ceil((samples.length * (number + 1)) / 3))
  return {
    first: samples[0] ?? Number.NaN,
    last: samples.at(-1) ?? Number.NaN,
    max: Math.max(...samples),
    thirds: [median(third(0)), median(third(1)), median(third(2))],
  }
}

/** Whether the last third is at most so much above the second. */
export function isFlat({ thirds: [, second, last] }: Series, allowed: { times: number; plus: number }): boolean {
  return last <= second * allowed.times + allowed.plus
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? Number.NaN
}
