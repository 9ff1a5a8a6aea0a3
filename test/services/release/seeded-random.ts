/** Noise that comes again, for tests only: AES-256-CTR over a seed, through the rejection sampling that production runs. */
import { createCipheriv, createHash } from 'node:crypto'
import { sourceOver } from '../../../services/release/random-source.ts'
import type { RandomSource } from '../../../services/release/release-types.ts'

/** The same bytes for the same seed. */
export function seededBytes(seed: string): (bytes: number) => Uint8Array {
  const key = createHash('sha256').update(seed).digest()
  const stream = createCipheriv('aes-256-ctr', key, Buffer.alloc(16))
  return (bytes) => stream.update(Buffer.alloc(bytes))
}

export function seededRandom(seed: string): RandomSource {
  return sourceOver(seededBytes(seed))
}
