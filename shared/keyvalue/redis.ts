/**
 * The key-value store on a Redis server, for many processes. A cluster of Redis servers is out of its scope: what must
 * happen at one moment touches several keys, and a destroyed secret must go from the files of every server that has it.
 */
import type { Clock } from '../clock.ts'
import { checkValue, keyOf } from './bounds.ts'
import type { KeyValue } from './port.ts'
import { RedisConnection } from './redis-connection.ts'
import { RedisSecrets } from './redis-secrets.ts'
import { parseRedisUrl } from './redis-url.ts'

const sweepBatch = 1000
/** A scan reads this many keys' values at once, and no more once their bytes are this many. */
const portionKeys = 500
const portionBytesMax = 4 * 1024 * 1024

export interface RedisKeyValueOptions {
  /** redis-url.ts says what it may be. */
  readonly url: string
  /**
   * By default the server's own, the only one that all hosts share: a host whose clock is wrong makes nothing expire
   * early or late. Given by whoever moves time, and then by every process alike.
   */
  readonly clock?: Clock
  /** Told what a person should know: a setting that cannot be seen, a server that came back unfit. */
  readonly warn: (message: string) => void
  /** Before every key, so that several installations can share a server. */
  readonly prefix?: string
  /** How long a call waits in all, when Redis is away, before it fails with KeyValueUnavailableError. */
  readonly callMsMax?: number
}

/**
 * Connects, checks that the server is fit to keep the port's guarantees, and finishes interrupted destroys.
 * @throws Error that names the setting to mend when the server is not fit, or does not let this user in
 * @throws KeyValueUnavailableError when it cannot be reached in time
 */
export async function openRedisKeyValue(options: RedisKeyValueOptions): Promise<KeyValue> {
  const { url, clock, warn, prefix = 'headcount:', callMsMax = 10_000 } = options
  const connection = new RedisConnection({ address: parseRedisUrl(url), callMsMax, warn })
  const secrets = new RedisSecrets({ connection, prefix, clock })
  try {
    await connection.open()
    await secrets.finishInterrupted()
  } catch (error) {
    await connection.close()
    throw error
  }
  return new RedisKeyValue(connection, secrets, prefix, clock)
}

class RedisKeyValue implements KeyValue {
  readonly secrets: RedisSecrets
  readonly #connection: RedisConnection
  readonly #clock: Clock | undefined
  readonly #valuePrefix: Buffer
  readonly #keys: string
  readonly #expiries: string

  constructor(connection: RedisConnection, secrets: RedisSecrets, prefix: string, clock: Clock | undefined) {
    this.#connection = connection
    this.secrets = secrets
    this.#clock = clock
    this.#valuePrefix = Buffer.from(`${prefix}value:`)
    this.#keys = `${prefix}keys`
    this.#expiries = `${prefix}expiries`
  }

  async get(key: string): Promise<Buffer | undefined> {
    const id = keyOf(key)
    const value = await this.#connection.call((redis) =>
      redis.headcountGetBuffer(this.#value(id), this.#expiries, id, this.#now()),
    )
    return (value as Buffer | null) ?? undefined
  }

  async put(key: string, value: Buffer, options?: { ttlMs?: number }): Promise<void> {
    const id = keyOf(key)
    checkValue(value)
    await this.#connection.call((redis) =>
      redis.headcountPutBuffer(...this.#entry(id), id, value, this.#now(), options?.ttlMs ?? ''),
    )
  }

  async putIfAbsent(key: string, value: Buffer, options?: { ttlMs?: number }): Promise<boolean> {
    const id = keyOf(key)
    checkValue(value)
    const wrote = await this.#connection.call((redis) =>
      redis.headcountPutIfAbsentBuffer(...this.#entry(id), id, value, this.#now(), options?.ttlMs ?? ''),
    )
    return wrote === 1
  }

  async compareAndSet(key: string, expected: Buffer | undefined, value: Buffer): Promise<boolean> {
    const id = keyOf(key)
    checkValue(value)
    const wanted = expected === undefined ? [0, ''] : [1, expected]
    const wrote = await this.#connection.call((redis) =>
      redis.headcountCompareAndSetBuffer(...this.#entry(id), id, value, this.#now(), ...wanted),
    )
    return wrote === 1
  }

  async delete(key: string): Promise<void> {
    const id = keyOf(key)
    await this.#connection.call((redis) => redis.headcountDeleteBuffer(...this.#entry(id), id))
  }

  async *scan(prefix: string, keysMax?: number): AsyncGenerator<[key: string, value: Buffer]> {
    const start = Buffer.from(prefix, 'utf8')
    // No byte of UTF-8 is 0xff.
    const [from, to] = [bound('[', start), bound('(', start, Buffer.from([0xff]))]
    const keys = await this.#connection.call((redis) =>
      keysMax === undefined
        ? redis.zrangebylexBuffer(this.#keys, from, to)
        : redis.zrangebylexBuffer(this.#keys, from, to, 'LIMIT', 0, keysMax),
    )
    for (let at = 0; at < keys.length; ) {
      const portion = keys.slice(at, at + portionKeys)
      const values = await this.#readPortion(portion)
      for (const [index, value] of values.entries()) {
        if (value) yield [(portion[index] as Buffer).toString('utf8'), value]
      }
      at += values.length
    }
  }

  async sweep(): Promise<number> {
    await this.secrets.finishInterrupted()
    for (let removed = 0; ; ) {
      const swept = (await this.#connection.call((redis) =>
        redis.headcountSweepBuffer(this.#keys, this.#expiries, this.#valuePrefix, this.#now(), sweepBatch),
      )) as number
      removed += swept
      if (swept < sweepBatch) return removed
    }
  }

  async close(): Promise<void> {
    await this.#connection.close()
  }

  /** At least one value, null where there is none any more; fewer than keys when they are large. */
  async #readPortion(keys: readonly Buffer[]): Promise<(Buffer | null)[]> {
    const args = [this.#expiries, this.#valuePrefix, this.#now(), portionBytesMax, ...keys]
    return (await this.#connection.call((redis) => redis.headcountReadPortionBuffer(...args))) as (Buffer | null)[]
  }

  #entry(id: Buffer): [Buffer, string, string] {
    return [this.#value(id), this.#keys, this.#expiries]
  }

  #value(id: Buffer): Buffer {
    return Buffer.concat([this.#valuePrefix, id])
  }

  /** '' for the server's. */
  #now(): string {
    return this.#clock ? String(Math.floor(this.#clock.now())) : ''
  }
}

function bound(kind: '[' | '(', ...bytes: Buffer[]): Buffer {
  return Buffer.concat([Buffer.from(kind), ...bytes])
}
