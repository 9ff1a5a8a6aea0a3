/** Secrets in Redis: deleted with a tombstone in one step, then written out of its files; see redis-scripts.ts for the keys. */
import type { Clock } from '../clock.ts'
import { checkValue, keyOf } from './bounds.ts'
import type { SecretStore } from './port.ts'
import type { RedisConnection } from './redis-connection.ts'
import { rewriteFiles } from './redis-purge.ts'

export interface RedisSecretsOptions {
  readonly connection: RedisConnection
  readonly prefix: string
  /** Undefined: the server's. */
  readonly clock: Clock | undefined
}

export class RedisSecrets implements SecretStore {
  readonly #connection: RedisConnection
  readonly #clock: Clock | undefined
  readonly #prefix: Buffer
  readonly #keys: { secrets: string; destroyed: string; purging: string }
  #purging: Promise<void> | undefined
  /** Begins when the one that runs has ended: that one may have begun before a name was destroyed. */
  #nextPurge: Promise<void> | undefined

  constructor({ connection, prefix, clock }: RedisSecretsOptions) {
    this.#connection = connection
    this.#clock = clock
    this.#prefix = Buffer.from(`${prefix}secret:`)
    this.#keys = { secrets: `${prefix}secrets`, destroyed: `${prefix}destroyed`, purging: `${prefix}purging` }
  }

  async createOnce(name: string, make: () => Buffer): Promise<Buffer | undefined> {
    const existing = await this.read(name)
    if (existing) return existing
    if (await this.isDestroyed(name)) return undefined
    const { secrets, destroyed } = this.#keys
    const made = make()
    checkValue(made)
    const secret = await this.#connection.call((redis) =>
      redis.headcountCreateSecretBuffer(this.#key(name), secrets, destroyed, keyOf(name), made, this.#now()),
    )
    return (secret as Buffer | null) ?? undefined
  }

  async read(name: string): Promise<Buffer | undefined> {
    return (await this.#connection.call((redis) => redis.getBuffer(this.#key(name)))) ?? undefined
  }

  async destroy(name: string): Promise<void> {
    const { secrets, destroyed, purging } = this.#keys
    const remains = await this.#connection.call((redis) =>
      redis.headcountDestroySecretBuffer(this.#key(name), secrets, destroyed, purging, keyOf(name)),
    )
    if (remains === 1) await this.#purge()
  }

  async isDestroyed(name: string): Promise<boolean> {
    return (await this.#connection.call((redis) => redis.sismember(this.#keys.destroyed, keyOf(name)))) === 1
  }

  async list(): Promise<{ name: string; createdAt: number }[]> {
    const found = await this.#connection.call((redis) => redis.hgetallBuffer(this.#keys.secrets))
    return Object.entries(found)
      .map(([name, createdAt]) => ({ name, createdAt: Number(createdAt.toString()) }))
      .sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)))
  }

  /** Writes out of the files what was destroyed by a process, or on a server, that ended before it was done. */
  async finishInterrupted(): Promise<void> {
    if ((await this.#connection.call((redis) => redis.scard(this.#keys.purging))) > 0) await this.#purge()
  }

  /** Several destroys share one rewrite. */
  #purge(): Promise<void> {
    this.#nextPurge ??= (async () => {
      await this.#purging?.catch(() => undefined)
      this.#purging = this.#nextPurge
      this.#nextPurge = undefined
      await this.#purgeNow()
    })()
    return this.#nextPurge
  }

  async #purgeNow(): Promise<void> {
    const names = await this.#connection.call((redis) => redis.smembersBuffer(this.#keys.purging))
    // Another process has written them out meanwhile, with a rewrite that began after they were marked.
    if (names.length === 0) return
    await rewriteFiles(this.#connection)
    await this.#connection.call((redis) => redis.srem(this.#keys.purging, ...names))
  }

  #key(name: string): Buffer {
    return Buffer.concat([this.#prefix, keyOf(name)])
  }

  #now(): string {
    return this.#clock ? String(Math.floor(this.#clock.now())) : ''
  }
}
