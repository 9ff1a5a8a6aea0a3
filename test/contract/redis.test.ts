/** The key-value contract on a real Redis. */
import path from 'node:path'
import { openRedisKeyValue } from '../../shared/keyvalue/redis.ts'
import { describeWithRedis } from '../fixtures/redis.ts'
import { keyValueContract } from './key-value.ts'

const warn = (message: string) => {
  throw new Error(message)
}

describeWithRedis('on Redis', (redis) => {
  keyValueContract(
    'Redis',
    ({ dir, clock }) => openRedisKeyValue({ url: redis().url, clock, warn, prefix: `${path.basename(dir)}:` }),
    () => redis().dir,
  )
})
