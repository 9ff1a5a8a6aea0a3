/** A key-value store in memory, for unit tests: the port's semantics within one process, nothing on disk. */
import type { Clock } from '../../shared/clock.ts'
import type { KeyValue, SecretStore } from '../../shared/keyvalue/port.ts'

interface Entry {
  value: Buffer
  expiresAt: number
}

export class MemoryKeyValue implements KeyValue {
  readonly secrets: MemorySecrets
  readonly #clock: Clock
  readonly #entries = new Map<string, Entry>()

  constructor(clock: Clock) {
    this.#clock = clock
    this.secrets = new MemorySecrets(clock)
  }

  async get(key: string): Promise<Buffer | undefined> {
    return this.#living(key)
  }

  async put(key: string, value: Buffer, options: { ttlMs?: number } = {}): Promise<void> {
    const expiresAt = this.#clock.now() + (options.ttlMs ?? Number.POSITIVE_INFINITY)
    this.#entries.set(key, { value: Buffer.from(value), expiresAt })
  }

  async putIfAbsent(key: string, value: Buffer, options: { ttlMs?: number } = {}): Promise<boolean> {
    if (this.#living(key)) return false
    await this.put(key, value, options)
    return true
  }

  async compareAndSet(key: string, expected: Buffer | undefined, value: Buffer): Promise<boolean> {
    const found = this.#living(key)
    const same = expected === undefined ? found === undefined : found?.equals(expected) === true
    if (same) await this.put(key, value)
    return same
  }

  async delete(key: string): Promise<void> {
    this.#entries.delete(key)
  }

  async *scan(prefix: string, keysMax?: number): AsyncIterable<[key: string, value: Buffer]> {
    const keys = [...this.#entries.keys()].filter((key) => key.startsWith(prefix) && this.#living(key))
    keys.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    const snapshot = keys.slice(0, keysMax).map((key): [string, Buffer] => [key, this.#living(key) as Buffer])
    yield* snapshot
  }

  async sweep(): Promise<number> {
    const expired = [...this.#entries.keys()].filter((key) => !this.#living(key))
    for (const key of expired) this.#entries.delete(key)
    return expired.length
  }

  async close(): Promise<void> {
    this.#entries.clear()
  }

  /** Everything is gone, secrets and tombstones too: what a store is whose files were deleted. */
  lose(): void {
    this.#entries.clear()
    this.secrets.lose()
  }

  #living(key: string): Buffer | undefined {
    const entry = this.#entries.get(key)
    return entry && entry.expiresAt > this.#clock.now() ? entry.value : undefined
  }
}

class MemorySecrets implements SecretStore {
  readonly #clock: Clock
  readonly #living = new Map<string, { value: Buffer; createdAt: number }>()
  readonly #destroyed = new Set<string>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  async createOnce(name: string, make: () => Buffer): Promise<Buffer | undefined> {
    if (this.#destroyed.has(name)) return undefined
    const found = this.#living.get(name) ?? { value: make(), createdAt: this.#clock.now() }
    this.#living.set(name, found)
    return found.value
  }

  async read(name: string): Promise<Buffer | undefined> {
    return this.#living.get(name)?.value
  }

  async destroy(name: string): Promise<void> {
    this.#living.get(name)?.value.fill(0)
    this.#living.delete(name)
    this.#destroyed.add(name)
  }

  async isDestroyed(name: string): Promise<boolean> {
    return this.#destroyed.has(name)
  }

  async list(): Promise<{ name: string; createdAt: number }[]> {
    return [...this.#living].map(([name, { createdAt }]) => ({ name, createdAt }))
  }

  lose(): void {
    this.#living.clear()
    this.#destroyed.clear()
  }
}
