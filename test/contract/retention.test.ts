/**
 * Retention with Redis and a ClickHouse server (its test double). Kafka removes records by its own clock, which nobody can
 * move: test/shared/eventlog/kafka.test.ts shows that, with a shorter time.
 */
import { withBridge } from '../fixtures/bridged-warehouse.ts'
import { describeWithRedis, openStore } from '../fixtures/redis.ts'
import { retentionContract } from './retention.ts'

describeWithRedis('with servers', (redis) => {
  let worlds = 0
  retentionContract('Redis and ClickHouse', (use) =>
    withBridge(({ open }) =>
      use(async (clock) => ({
        keyValue: await openStore(redis(), { clock, prefix: `world-${++worlds}:` }),
        warehouse: await open(),
      })),
    ),
  )
})
