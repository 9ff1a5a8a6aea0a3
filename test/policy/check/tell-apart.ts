/**
 * Whether two requests can be told apart by how long they take: each is sent many times in random order, and the times are
 * compared by rank. A single slow answer, or a busy machine, counts no more than any other.
 */
import { randomInt } from 'node:crypto'

/** 0: not at all; 0.5: always. With 120 of each, chance stays below 0.2 but once in ten million. */
export async function tellApart(
  a: (round: number) => Promise<unknown>,
  b: (round: number) => Promise<unknown>,
  rounds = 120,
): Promise<number> {
  const times: { isA: boolean; ms: number }[] = []
  const time = async (isA: boolean, round: number) => {
    const start = performance.now()
    await (isA ? a : b)(round)
    times.push({ isA, ms: performance.now() - start })
  }
  for (let round = -20; round < rounds; round++) {
    // Before 0 only the compiler is warmed up.
    if (round === 0) times.length = 0
    const first = randomInt(2) === 0
    await time(first, round)
    await time(!first, round)
  }
  times.sort((one, other) => one.ms - other.ms)
  const rankSum = times.reduce((sum, { isA }, index) => sum + (isA ? index + 1 : 0), 0)
  return Math.abs((rankSum - (rounds * (rounds + 1)) / 2) / rounds ** 2 - 0.5)
}
