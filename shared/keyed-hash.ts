/**
 * HMAC-SHA256 (RFC 2104, FIPS 198-1) over short texts, quickly: the key's two padded blocks are made once, and each
 * digest is two one-shot hashes (0.6 µs here against 1.5 µs of `createHmac`). Checked against RFC 4231 in the tests.
 */
import { hash } from 'node:crypto'

const blockBytes = 64

/**
 * SHA-256 as a latin1 string, one character per byte: 0.4 µs where a Buffer takes 1.2 µs. The type declarations know
 * fewer encodings than the function takes.
 */
export function sha256Latin1(data: string | Uint8Array): string {
  return hash('sha256', data, 'latin1' as 'hex')
}

export class KeyedHash {
  readonly #inner: Buffer
  readonly #outer: Buffer
  #scratch: Buffer

  /** @param key any length; longer than 64 bytes is hashed first, as the RFC says */
  constructor(key: Uint8Array) {
    const block = Buffer.alloc(blockBytes)
    Buffer.from(key.length > blockBytes ? hash('sha256', key, 'buffer') : key).copy(block)
    this.#inner = block.map((byte) => byte ^ 0x36) as Buffer
    this.#outer = Buffer.alloc(blockBytes + 32)
    block
      .map((byte) => byte ^ 0x5c)
      .forEach((byte, index) => {
        this.#outer[index] = byte
      })
    this.#scratch = this.#scratchOf(256)
  }

  /** The 32 bytes of HMAC-SHA256(key, UTF-8 of text), as a latin1 string: a third of the time of a Buffer. */
  digestLatin1(text: string): string {
    // UTF-8 takes at most three bytes per UTF-16 unit.
    if (this.#scratch.length < blockBytes + text.length * 3) this.#scratch = this.#scratchOf(text.length * 3)
    const length = this.#scratch.write(text, blockBytes, 'utf8')
    this.#outer.write(sha256Latin1(this.#scratch.subarray(0, blockBytes + length)), blockBytes, 'latin1')
    return sha256Latin1(this.#outer)
  }

  /** As `digestLatin1`, as bytes. */
  digest(text: string): Buffer {
    return Buffer.from(this.digestLatin1(text), 'latin1')
  }

  #scratchOf(textBytes: number): Buffer {
    const scratch = Buffer.alloc(blockBytes + textBytes)
    this.#inner.copy(scratch)
    return scratch
  }
}
