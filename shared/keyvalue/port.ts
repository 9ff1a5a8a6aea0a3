/**
 * The key-value store: small state that several processes share, with expiry and atomic writes, and a separate place
 * for secrets whose bytes must vanish when they are destroyed.
 *
 * Guarantees every adapter gives, and that test/contract/key-value.ts checks:
 * - A write has happened durably when its promise resolves; a read sees every earlier resolved write.
 * - `putIfAbsent` and `compareAndSet` are atomic among all processes.
 * - A value with `ttlMs` is never returned at or after its expiry by the store's clock, and is removed by `sweep`.
 * - Keys are UTF-8 strings of at most 512 bytes, values byte strings of at most 16 MiB.
 * - Removed values may stay readable in the store's files for a while (LMDB and Redis both reuse pages lazily): what
 *   must vanish goes into `secrets`.
 */
export interface KeyValue {
  get(key: string): Promise<Buffer | undefined>
  put(key: string, value: Buffer, options?: { ttlMs?: number }): Promise<void>
  /** True when this call wrote the value; false when the key had one. */
  putIfAbsent(key: string, value: Buffer, options?: { ttlMs?: number }): Promise<boolean>
  /** True when the stored value was `expected` (undefined: none) and is now `value`. */
  compareAndSet(key: string, expected: Buffer | undefined, value: Buffer): Promise<boolean>
  delete(key: string): Promise<void>
  /**
   * Entries whose keys start with `prefix`, in byte order of the keys. The keys are those of one moment; the values are
   * read in portions as the iteration comes to them, since all of them may be more than memory holds. So an entry that
   * is overwritten meanwhile comes as it was or as it has become, one that is deleted may be missing, and one that is
   * made meanwhile does not come.
   * @param keysMax of the first so many keys only; some of those may have expired, and then fewer come
   */
  scan(prefix: string, keysMax?: number): AsyncIterable<[key: string, value: Buffer]>
  /** Removes what has expired; returns how many entries. */
  sweep(): Promise<number>
  readonly secrets: SecretStore
  close(): Promise<void>
}

/**
 * Secrets: written once, read, destroyed for good.
 *
 * - `createOnce` is atomic among all processes: of any number of concurrent calls for a name, one creates, the others
 *   get what it created.
 * - After `destroy` resolves the secret's bytes are in no file of the store, the name is refused for ever (a durable
 *   tombstone: `createOnce` gives undefined) and a crash at any moment leaves it either whole or finished by the
 *   next `open`.
 */
export interface SecretStore {
  /** The secret of that name, made with `make` if there never was one; undefined when it has been destroyed. */
  createOnce(name: string, make: () => Buffer): Promise<Buffer | undefined>
  read(name: string): Promise<Buffer | undefined>
  destroy(name: string): Promise<void>
  /** True when `destroy` was called for the name, ever. */
  isDestroyed(name: string): Promise<boolean>
  /** Living secrets: names and when they were made (ms since the Unix epoch). Never the bytes. */
  list(): Promise<{ name: string; createdAt: number }[]>
}

/**
 * The store cannot be reached now, or does not answer in time. Nothing is known of whether a write happened, or is yet to
 * happen when a server that hung goes on; the caller waits and goes on from what it can read.
 */
export class KeyValueUnavailableError extends Error {
  override readonly name = 'KeyValueUnavailableError'
}
