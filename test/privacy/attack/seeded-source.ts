/** Random sources of tests. Production has no seed: this is production's own rejection sampling over repeatable bytes. */
import { createCipheriv, createHash } from 'node:crypto'
import { sourceOver } from '../../../services/release/random-source.ts'
import type { RandomSource } from '../../../services/release/release-types.ts'

/** The key stream of AES under the seed. */
export function seededSource(seed: string): RandomSource {
  const key = createHash('sha256').update(seed).digest()
  const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16))
  return sourceOver((bytes) => cipher.update(Buffer.alloc(bytes)))
}

/** A double in [0, 1) with 53 random bits: what careless noise is made of. */
export function uniformDouble(random: RandomSource): number {
  return Number(random.below(2n ** 53n)) / 2 ** 53
}
