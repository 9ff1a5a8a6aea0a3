/** The key-value store as one process sees it: every call travels, what it has done stays. */
import type { Random } from '../../services/command-line/demo-random.ts'
import type { KeyValue, SecretStore } from '../../shared/keyvalue/port.ts'
import type { MemoryKeyValue } from '../doubles/memory-key-value.ts'
import type { Calls } from './calls.ts'

export class SimulatedKeyValue implements KeyValue {
  readonly secrets: SecretStore
  readonly #store: MemoryKeyValue
  readonly #calls: Calls
  readonly #random: Random

  constructor(store: MemoryKeyValue, calls: Calls, random: Random) {
    this.#store = store
    this.#calls = calls
    this.#random = random
    this.secrets = new SimulatedSecrets(store.secrets, calls, random)
  }

  get(key: string): Promise<Buffer | undefined> {
    return this.#calls.make('key-value.get', key, () => this.#store.get(key))
  }

  put(key: string, value: Buffer, options?: { ttlMs?: number }): Promise<void> {
    const sent = Buffer.from(value)
    return this.#calls.make('key-value.put', key, () => this.#store.put(key, sent, options))
  }

  /** Of the worker, only the naming of a store does this: a name is an identifier drawn at random, here by the seed. */
  putIfAbsent(key: string): Promise<boolean> {
    const name = Buffer.from(`store-${this.#random.integer(0, 2 ** 31)}`)
    return this.#calls.make('key-value.putIfAbsent', key, () => this.#store.putIfAbsent(key, name))
  }

  compareAndSet(key: string, expected: Buffer | undefined, value: Buffer): Promise<boolean> {
    const sent = Buffer.from(value)
    return this.#calls.make('key-value.compareAndSet', key, () => this.#store.compareAndSet(key, expected, sent))
  }

  delete(key: string): Promise<void> {
    return this.#calls.make('key-value.delete', key, () => this.#store.delete(key))
  }

  async *scan(prefix: string, keysMax?: number): AsyncIterable<[key: string, value: Buffer]> {
    yield* await this.#calls.make('key-value.scan', prefix, async () => {
      const entries: [string, Buffer][] = []
      for await (const entry of this.#store.scan(prefix, keysMax)) entries.push(entry)
      return entries
    })
  }

  sweep(): Promise<number> {
    return this.#calls.make('key-value.sweep', '', () => this.#store.sweep())
  }

  async close(): Promise<void> {}
}

class SimulatedSecrets implements SecretStore {
  readonly #store: SecretStore
  readonly #calls: Calls
  readonly #random: Random

  constructor(store: SecretStore, calls: Calls, random: Random) {
    this.#store = store
    this.#calls = calls
    this.#random = random
  }

  /** The bytes come from the seed, so that a run can be done again. */
  createOnce(name: string, make: () => Buffer): Promise<Buffer | undefined> {
    const bytes = make().length
    const seeded = () => Buffer.from(Array.from({ length: bytes }, () => this.#random.integer(0, 255)))
    return this.#calls.make('secrets.createOnce', name, () => this.#store.createOnce(name, seeded))
  }

  read(name: string): Promise<Buffer | undefined> {
    return this.#calls.make('secrets.read', name, () => this.#store.read(name))
  }

  destroy(): Promise<void> {
    throw new Error('no secret is due to be destroyed within the time of a simulation')
  }

  isDestroyed(name: string): Promise<boolean> {
    return this.#calls.make('secrets.isDestroyed', name, () => this.#store.isDestroyed(name))
  }

  list(): Promise<{ name: string; createdAt: number }[]> {
    return this.#calls.make('secrets.list', '', () => this.#store.list())
  }
}
