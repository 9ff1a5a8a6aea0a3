/**
 * Makes the bytes of deleted values vanish from Redis's files. A deleted key stays readable in the append-only file until
 * that is rewritten, and in a snapshot until the next one takes its place.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { KeyValueUnavailableError } from './port.ts'
import type { RedisConnection } from './redis-connection.ts'
import { type RedisInfo, readInfo } from './redis-requirements.ts'

/** Rewriting is a walk over everything that is stored. */
const purgeMsMax = 10 * 60_000
const pollMsMax = 250

/** Where INFO tells of one kind of file, and the command that writes it anew. */
interface Rewrite {
  readonly command: 'BGREWRITEAOF' | 'BGSAVE'
  readonly status: string
  readonly file: string
}

const rewrites: readonly Rewrite[] = [
  { command: 'BGREWRITEAOF', status: 'aof_last_bgrewrite_status', file: 'append-only file' },
  // Nobody can see from here whether there is an old snapshot (of a shutdown, a backup, a replica that once was).
  { command: 'BGSAVE', status: 'rdb_last_bgsave_status', file: 'snapshot' },
]
const atWork = ['aof_rewrite_in_progress', 'aof_rewrite_scheduled', 'rdb_bgsave_in_progress']

/**
 * Resolves once every file of the server has been written anew, beginning after this call.
 * @throws KeyValueUnavailableError when the server went away, could not write, or took too long; to be begun again then
 */
export async function rewriteFiles(connection: RedisConnection): Promise<void> {
  const deadline = Date.now() + purgeMsMax
  for (const rewrite of rewrites) await run(connection, rewrite, deadline)
}

async function run(connection: RedisConnection, { command, status, file }: Rewrite, deadline: number): Promise<void> {
  // One that is being written already may have begun before the value was deleted.
  let idle = await untilIdle(connection, deadline)
  while (!(await started(connection, command))) {
    await sleep(pollMsMax)
    idle = await untilIdle(connection, deadline)
  }
  const done = await untilIdle(connection, deadline)
  if (done.get('run_id') !== idle.get('run_id'))
    throw new KeyValueUnavailableError(`Redis at ${connection.shown} restarted while it wrote its ${file}`)
  if (done.get(status) !== 'ok')
    throw new KeyValueUnavailableError(
      `Redis at ${connection.shown} could not write its ${file}, in which destroyed keys are still readable; ` +
        'its log says why (a full disk, no memory to fork?)',
    )
}

/** False when another rewrite came first. */
async function started(connection: RedisConnection, command: Rewrite['command']): Promise<boolean> {
  return await connection.call(async (redis) => {
    try {
      await redis.call(command)
      return true
    } catch (error) {
      if (/in progress|another child|can't BGSAVE/i.test((error as Error).message)) return false
      throw error
    }
  })
}

async function untilIdle(connection: RedisConnection, deadline: number): Promise<RedisInfo> {
  for (let pollMs = 4; ; pollMs = Math.min(pollMs * 2, pollMsMax)) {
    const info = await connection.call(readInfo)
    if (Date.now() > deadline)
      throw new KeyValueUnavailableError(`Redis at ${connection.shown} has been rewriting its files for too long`)
    if (atWork.every((name) => (info.get(name) ?? '0') === '0')) return mustBeAlone(info, connection.shown)
    await sleep(pollMs)
  }
}

function mustBeAlone(info: RedisInfo, shown: string): RedisInfo {
  if (info.get('connected_slaves') !== '0')
    throw new KeyValueUnavailableError(
      `Redis at ${shown} has replicas, whose files keep destroyed keys; detach them (REPLICAOF NO ONE there) and erase their files`,
    )
  return info
}
