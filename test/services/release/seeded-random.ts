/** Noise that comes again, for tests only: AES-256-CTR over a seed, through the rejection sampling that production runs. */
import { createCipheriv, createHash } from 'node:crypto'
import { sourceOver } from '../../../services/release/random-source.ts'
import type { RandomSource } from '../../../services/release/release-types.ts'

export function seededRandom(seed: string): RandomSource {
  const key = createHash('sha256').update(seed).digest()
  const stream = createCipheriv('aes-256-ctr', key, Buffer.alloc(16))
  return sourceOver((bytes) => stream.update(Buffer.alloc(bytes)))
}
