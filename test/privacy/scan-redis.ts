/** Every key of a Redis with its value, whatever its type, and what the server remembers of commands. */
import { Redis } from 'ioredis'
import type { NeedleSearch } from './needle-search.ts'
import { type Finding, scanBytes } from './scan.ts'

const keysPerScan = 500

/** How each type is read whole. */
const readers: Readonly<Record<string, (key: Buffer) => [command: string, ...given: (Buffer | string)[]]>> = {
  string: (key) => ['GET', key],
  hash: (key) => ['HGETALL', key],
  list: (key) => ['LRANGE', key, '0', '-1'],
  set: (key) => ['SMEMBERS', key],
  zset: (key) => ['ZRANGE', key, '0', '-1'],
  stream: (key) => ['XRANGE', key, '-', '+'],
}

/** @throws Error for a type that nobody has told it how to read */
export async function scanRedis(search: NeedleSearch, url: string): Promise<{ keys: number; findings: Finding[] }> {
  const redis = new Redis(url)
  try {
    const findings: Finding[] = []
    let keys = 0
    let cursor = '0'
    do {
      const [next, some] = await redis.scanBuffer(cursor, 'COUNT', keysPerScan)
      cursor = String(next)
      for (const key of some) {
        const type = await redis.type(key)
        // It has expired meanwhile.
        if (type === 'none') continue
        const read = readers[type]
        if (!read) throw new Error(`nothing reads a Redis value of the type ${type} yet`)
        const value = await redis.callBuffer(...read(key))
        findings.push(...scanBytes(search, `Redis key ${key.toString('latin1')}`, Buffer.concat([key, flat(value)])))
        keys++
      }
    } while (cursor !== '0')
    findings.push(...scanBytes(search, 'slow commands of Redis', flat(await redis.callBuffer('SLOWLOG', 'GET', '-1'))))
    return { keys, findings }
  } finally {
    redis.disconnect()
  }
}

/** The bytes of an answer, one after another. */
function flat(answer: unknown): Buffer {
  if (Array.isArray(answer)) return Buffer.concat(answer.map(flat))
  if (Buffer.isBuffer(answer)) return answer
  return Buffer.from(answer === null || answer === undefined ? '' : String(answer))
}
