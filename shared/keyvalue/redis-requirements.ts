/** What a Redis must be for the port's guarantees to hold; looked at on every connection, since a restart may change it. */
import type { Redis } from 'ioredis'

const versionMin = [6, 2] as const

/** Lines `name:value` of INFO. */
export type RedisInfo = ReadonlyMap<string, string>

export async function readInfo(redis: Redis): Promise<RedisInfo> {
  const lines = (await redis.info()).split('\r\n')
  return new Map(lines.filter((line) => line.includes(':')).map((line) => splitAt(line, line.indexOf(':'))))
}

function splitAt(line: string, colon: number): [string, string] {
  return [line.slice(0, colon), line.slice(colon + 1)]
}

export interface Verdict {
  /** What is wrong and the mend; the store must not be used. */
  readonly refusals: readonly string[]
  /** What could not be seen, or is not as it should be but breaks no guarantee by itself. */
  readonly warnings: readonly string[]
}

export async function inspectServer(redis: Redis): Promise<Verdict> {
  const verdict = { refusals: [] as string[], warnings: [] as string[] }
  const info = await readInfo(redis)
  verdict.refusals.push(...refusalsOf(info))
  await inspectSync(redis, verdict)
  return verdict
}

function refusalsOf(info: RedisInfo): string[] {
  const refusals: string[] = []
  const version = info.get('redis_version') ?? 'unknown'
  if (!isAtLeast(version, versionMin)) refusals.push(`its version is ${version}; Headcount needs 6.2 or later`)
  if (info.get('role') !== 'master') refusals.push('it is a replica; give the address of the server that takes writes')
  // Each keeps files of its own, in which a destroyed key would stay readable.
  else if (info.get('connected_slaves') !== '0')
    refusals.push('it has replicas, whose files keep what is destroyed here; detach them (REPLICAOF NO ONE there)')
  if (info.get('cluster_enabled') === '1')
    refusals.push('it is part of a Redis Cluster; Headcount needs a server of its own')
  const policy = info.get('maxmemory_policy')
  if (policy !== 'noeviction')
    refusals.push(`maxmemory-policy is ${policy}, which throws away keys at will; set it to noeviction`)
  if (info.get('aof_enabled') !== '1')
    refusals.push('appendonly is no, so that acknowledged writes can be lost; set it to yes')
  return refusals
}

/** Only `always` has a write on the disk before it is acknowledged: everysec may lose a second of them. */
async function inspectSync(redis: Redis, verdict: { refusals: string[]; warnings: string[] }): Promise<void> {
  try {
    const sync = await setting(redis, 'appendfsync')
    if (sync !== 'always')
      verdict.refusals.push(`appendfsync is ${sync}, so that acknowledged writes can be lost; set it to always`)
    if ((await setting(redis, 'no-appendfsync-on-rewrite')) !== 'no')
      verdict.refusals.push('no-appendfsync-on-rewrite is yes, which suspends appendfsync; set it to no')
  } catch (error) {
    if (!isForbidden(error)) throw error
    verdict.warnings.push('CONFIG is forbidden, so it is not known whether appendfsync is always, as it must be')
  }
}

async function setting(redis: Redis, name: string): Promise<string | undefined> {
  const [, value] = (await redis.config('GET', name)) as string[]
  return value
}

/** No permission, or a command that a provider has taken away. */
function isForbidden(error: unknown): boolean {
  return /^(NOPERM|ERR unknown command)/i.test((error as Error).message)
}

function isAtLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const [ours = 0, oursMinor = 0] = version.split('.').map(Number)
  return ours > major || (ours === major && oursMinor >= minor)
}
