/** One of several processes that reserve the same budget on one Redis and one ClickHouse server; prints what it got. */
import { systemClock } from '../../shared/clock.ts'
import { openRedisKeyValue } from '../../shared/keyvalue/redis.ts'
import { openLedger } from '../../shared/ledger/warehouse-ledger.ts'
import { openServerWarehouse } from '../../shared/warehouse/server.ts'
import { reserveShare, tally } from './ledger-stores.ts'

const [redisUrl = '', warehouseUrl = '', name = '', racers = '1'] = process.argv.slice(2)
const keyValue = await openRedisKeyValue({ url: redisUrl, warn: console.error })
const warehouse = await openServerWarehouse({ url: warehouseUrl, warn: console.error })
const ledger = await openLedger({ keyValue, warehouse, clock: systemClock })

// Off together, as far as processes can be.
await keyValue.put(`here/${name}`, Buffer.from(''))
for (let here = 0; here < Number(racers); ) {
  here = 0
  for await (const _ of keyValue.scan('here/')) here++
}
const asked = Array.from({ length: 60 }, (_, index) => reserveShare(ledger, `${name}_${index}`))
const counts = tally(await Promise.allSettled(asked))
await warehouse.close()
await keyValue.close()
process.stdout.write(`${JSON.stringify(counts)}\n`)
