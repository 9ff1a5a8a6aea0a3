/**
 * Keeps the servers of `npm run services:up` on a machine without Docker: it starts them, says where they are, and stops
 * them when it is told to end. They end with it at the latest.
 */
import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { writeAtomically } from '../../shared/durable-file.ts'
import { startClickhouseBridge } from './clickhouse-bridge.ts'
import { startKafka } from './kafka.ts'
import type { KeptServers } from './kept-servers.ts'
import { startRedis } from './redis.ts'

const [dir = '', brokers = '1'] = process.argv.slice(2)
await mkdir(dir, { recursive: true })
const redis = await startRedis({ dir: path.join(dir, 'redis') })
const kafka = await startKafka({ dir: path.join(dir, 'kafka'), brokers: brokers === '3' ? 3 : 1 })
const bridge = await startClickhouseBridge({ dir: path.join(dir, 'clickhouse') })
const stateFile = path.join(dir, 'servers.json')
const servers: KeptServers = {
  keeper: process.pid,
  startedAt: new Date().toISOString(),
  HEADCOUNT_EVENT_LOG_URL: `kafka://${kafka.bootstrap.join(',')}/headcount`,
  HEADCOUNT_KEY_VALUE_URL: redis.url,
  HEADCOUNT_WAREHOUSE_URL: `${bridge.url}/headcount`,
}
await writeAtomically(stateFile, `${JSON.stringify(servers, null, 2)}\n`)
process.send?.('ready')
process.disconnect?.()

const stop = async () => {
  await rm(stateFile, { force: true })
  await bridge.stop()
  await kafka.stop()
  await redis.stop()
  process.exit(0)
}
process.on('SIGTERM', () => void stop())
process.on('SIGINT', () => void stop())
// Held up by nothing else: the servers are not this process's handles.
setInterval(() => undefined, 1 << 30)
