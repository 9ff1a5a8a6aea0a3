/** Noise that can be drawn again, for measurements; production has no such thing. */
import { createCipheriv, createHash } from 'node:crypto'
import { sourceOver } from '../../services/release/random-source.ts'
import type { RandomSource } from '../../services/release/release-types.ts'

/** The same bytes for the same seed: AES-128 in counter mode. */
export function seededBytes(seed: string): (bytes: number) => Uint8Array {
  const stream = createCipheriv(
    'aes-128-ctr',
    createHash('sha256').update(seed).digest().subarray(0, 16),
    Buffer.alloc(16),
  )
  return (bytes) => stream.update(Buffer.alloc(bytes))
}

/** Draws by the production's own rejection sampling. */
export function seededRandom(seed: string): RandomSource {
  return sourceOver(seededBytes(seed))
}
