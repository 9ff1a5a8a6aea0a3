/** The key-value contract on a real Redis. */
import path from 'node:path'
import { describeWithRedis, openStore } from '../fixtures/redis.ts'
import { keyValueContract } from './key-value.ts'

describeWithRedis('on Redis', (redis) => {
  keyValueContract(
    'Redis',
    ({ dir, clock }) => openStore(redis(), { clock, prefix: `${path.basename(dir)}:` }),
    () => redis().dir,
  )
})
