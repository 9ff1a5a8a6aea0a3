/**
 * Whether two requests can be told apart by how long they take: each is sent many times in random order, and the times are
 * compared by rank. Of three tries the fastest counts, as a busy machine makes any of them slow.
 */
import { randomInt } from 'node:crypto'

/** 0: not at all; 0.5: always. With 100 of each, chance stays below 0.2 but once in a million. */
export async function tellApart(a: () => Promise<unknown>, b: () => Promise<unknown>, rounds = 100): Promise<number> {
  const times: { isA: boolean; ms: number }[] = []
  const time = async (isA: boolean) => {
    let ms = Number.POSITIVE_INFINITY
    for (let tries = 0; tries < 3; tries++) {
      const start = performance.now()
      await (isA ? a : b)()
      ms = Math.min(ms, performance.now() - start)
    }
    times.push({ isA, ms })
  }
  for (let round = -5; round < rounds; round++) {
    // Before 0 only the compiler is warmed up.
    if (round === 0) times.length = 0
    const first = randomInt(2) === 0
    await time(first)
    await time(!first)
  }
  times.sort((one, other) => one.ms - other.ms)
  const rankSum = times.reduce((sum, { isA }, index) => sum + (isA ? index + 1 : 0), 0)
  return Math.abs((rankSum - (rounds * (rounds + 1)) / 2) / rounds ** 2 - 0.5)
}
