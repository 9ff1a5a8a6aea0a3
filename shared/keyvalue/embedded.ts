/** The key-value store in this process: LMDB for values, a file each for secrets (secret-files.ts). */
import path from 'node:path'
import { type Database, open, type RootDatabase } from 'lmdb'
import type { Clock } from '../clock.ts'
import { makeDirectory } from '../durable-file.ts'
import { checkValue, keyOf } from './bounds.ts'
import type { KeyValue } from './port.ts'
import { openSecretFiles, type SecretFiles } from './secret-files.ts'

/** Before each value: when it expires, ms since the Unix epoch; all ones for never. */
const expiryBytes = 8
const never = 0xffff_ffff_ffff_ffffn
const sweepBatch = 1000

/** Opens or makes the store in `dir`, and finishes what a crash interrupted. */
export async function openEmbeddedKeyValue(options: { dir: string; clock: Clock }): Promise<KeyValue> {
  const { dir, clock } = options
  await makeDirectory(dir)
  const secrets = await openSecretFiles({ dir: path.join(dir, 'secrets'), clock })
  const root = open<Buffer, Buffer>({
    path: path.join(dir, 'values'),
    encoding: 'binary',
    keyEncoding: 'binary',
    // By default a promise resolves once a write is visible and before it is on the disk.
    overlappingSync: false,
  })
  return new EmbeddedKeyValue(root, secrets, clock)
}

class EmbeddedKeyValue implements KeyValue {
  readonly secrets: SecretFiles
  readonly #root: RootDatabase<Buffer, Buffer>
  readonly #values: Database<Buffer, Buffer>
  /** Expiry (8 bytes) and key of what was written with a time to live, so that a sweep reads only what is due. */
  readonly #expiries: Database<Buffer, Buffer>
  readonly #clock: Clock
  #closed = false

  constructor(root: RootDatabase<Buffer, Buffer>, secrets: SecretFiles, clock: Clock) {
    const encodings = { encoding: 'binary', keyEncoding: 'binary' } as const
    this.#root = root
    this.#values = root.openDB<Buffer, Buffer>('values', encodings)
    this.#expiries = root.openDB<Buffer, Buffer>('expiries', encodings)
    this.secrets = secrets
    this.#clock = clock
  }

  async get(key: string): Promise<Buffer | undefined> {
    return this.#read(keyOf(key))
  }

  async put(key: string, value: Buffer, options?: { ttlMs?: number }): Promise<void> {
    const id = keyOf(key)
    checkValue(value)
    await this.#write(() => this.#store(id, value, options?.ttlMs))
  }

  async putIfAbsent(key: string, value: Buffer, options?: { ttlMs?: number }): Promise<boolean> {
    const id = keyOf(key)
    checkValue(value)
    return await this.#write(() => {
      if (this.#read(id) !== undefined) return false
      this.#store(id, value, options?.ttlMs)
      return true
    })
  }

  async compareAndSet(key: string, expected: Buffer | undefined, value: Buffer): Promise<boolean> {
    const id = keyOf(key)
    checkValue(value)
    return await this.#write(() => {
      const stored = this.#read(id)
      const matches = expected === undefined ? stored === undefined : stored?.equals(expected) === true
      if (matches) this.#store(id, value, undefined)
      return matches
    })
  }

  async delete(key: string): Promise<void> {
    const id = keyOf(key)
    await this.#write(() => void this.#values.remove(id))
  }

  async *scan(prefix: string, keysMax = Number.POSITIVE_INFINITY): AsyncGenerator<[key: string, value: Buffer]> {
    this.#mustBeOpen()
    const start = Buffer.from(prefix, 'utf8')
    let keys = 0
    for (const { key, value } of this.#values.getRange({ start, snapshot: true })) {
      if (++keys > keysMax || !key.subarray(0, start.length).equals(start)) return
      const living = this.#living(value)
      if (living) yield [key.toString('utf8'), living]
    }
  }

  async sweep(): Promise<number> {
    let removed = 0
    for (;;) {
      const { due, gone } = await this.#write(() => this.#sweepBatch())
      removed += gone
      if (due < sweepBatch) return removed
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#root.committed
    await this.#root.close()
  }

  /** Runs `action` in a write transaction; what it did is synced when the promise resolves. */
  async #write<T>(action: () => T): Promise<T> {
    this.#mustBeOpen()
    return await this.#root.transaction(action)
  }

  #store(id: Buffer, value: Buffer, ttlMs: number | undefined): void {
    const header = Buffer.alloc(expiryBytes)
    const expiry = ttlMs === undefined ? never : BigInt(Math.max(0, Math.ceil(this.#clock.now() + ttlMs)))
    header.writeBigUInt64BE(expiry)
    void this.#values.put(id, Buffer.concat([header, value]))
    if (expiry !== never) void this.#expiries.put(Buffer.concat([header, id]), Buffer.alloc(0))
  }

  #read(id: Buffer): Buffer | undefined {
    this.#mustBeOpen()
    const stored = this.#values.get(id)
    return stored && this.#living(stored)
  }

  #living(stored: Buffer): Buffer | undefined {
    return isDue(stored, this.#clock.now()) ? undefined : Buffer.from(stored.subarray(expiryBytes))
  }

  #sweepBatch(): { due: number; gone: number } {
    const now = this.#clock.now()
    const due = [...this.#expiries.getKeys({ limit: sweepBatch })]
      .map((key) => Buffer.from(key))
      .filter((entry) => isDue(entry, now))
    let gone = 0
    for (const entry of due) {
      const id = entry.subarray(expiryBytes)
      const stored = this.#values.get(id)
      // The key may have been written again since, with a later expiry or none.
      if (stored && isDue(stored, now)) {
        void this.#values.remove(id)
        gone++
      }
      void this.#expiries.remove(entry)
    }
    return { due: due.length, gone }
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new Error('the key-value store is closed')
  }
}

function isDue(stored: Buffer, now: number): boolean {
  const expiry = stored.readBigUInt64BE(0)
  return expiry !== never && expiry <= BigInt(Math.floor(now))
}
