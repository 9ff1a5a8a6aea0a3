/**
 * Uniform integers for the noise, from the operating system's generator. There is no seed: noise that can be drawn again
 * can be subtracted. Tests give `sourceOver` bytes of their own, so that they run the same rejection sampling.
 */
import { randomBytes } from 'node:crypto'
import type { RandomSource } from './release-types.ts'

const poolBytes = 16_384
const words = 2 ** 32

/** What production draws with. */
export const cryptoRandom: RandomSource = sourceOver((bytes) => randomBytes(bytes))

/**
 * Exactly uniform below any bound, if the bytes are uniform: what does not divide evenly is thrown away and drawn again.
 * Bytes are taken from a pool and overwritten once used, so that a later look at the memory finds no noise. How long a
 * draw takes depends on what it is (arXiv 2112.05307): what is drawn is published at a fixed time, not when it is ready.
 * @param draw that many fresh bytes, which become the pool's own; what it throws is thrown
 */
export function sourceOver(draw: (bytes: number) => Uint8Array): RandomSource {
  let pool: Uint8Array = new Uint8Array(0)
  let used = 0

  function take(): number {
    if (used === pool.length) {
      pool = draw(poolBytes)
      used = 0
      if (pool.length === 0) throw new RangeError('no random bytes')
    }
    const byte = pool[used] as number
    pool[used++] = 0
    return byte
  }

  /** 32 bits; a double holds every integer up to 2^53 exactly, so nothing is rounded here. */
  const takeWord = () => ((take() << 24) | (take() << 16) | (take() << 8) | take()) >>> 0

  function belowSmall(bound: number): number {
    // The largest multiple of the bound: each remainder below it comes up equally often.
    const limit = words - (words % bound)
    let word = takeWord()
    while (word >= limit) word = takeWord()
    return word % bound
  }

  function belowLarge(bound: bigint): bigint {
    const count = Math.ceil(bound.toString(16).length / 8)
    const range = 1n << BigInt(32 * count)
    const limit = range - (range % bound)
    for (;;) {
      let value = 0n
      for (let i = 0; i < count; i++) value = (value << 32n) | BigInt(takeWord())
      if (value < limit) return value % bound
    }
  }

  return {
    below(bound) {
      if (bound < 1n) throw new RangeError('a uniform integer needs a bound of at least 1')
      return bound <= 4_294_967_296n ? BigInt(belowSmall(Number(bound))) : belowLarge(bound)
    },
  }
}
