/**
 * One of several processes that all seal the same days at once, over one Redis and one ClickHouse (its double). Each has a
 * copy of the same log: positions and identity are the log's own. Tells the releases as it sees them when all are out.
 */
import { writeSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isPublished } from '../../../services/release/release-day.ts'
import { askForRelease } from '../../../services/worker/seal/seal-requests.ts'
import { Sealer } from '../../../services/worker/seal/sealer.ts'
import { ManualClock } from '../../../shared/clock.ts'
import { openRedisKeyValue } from '../../../shared/keyvalue/redis.ts'
import { openLedger } from '../../../shared/ledger/warehouse-ledger.ts'
import { createLogger } from '../../../shared/logger.ts'
import { createMetrics } from '../../../shared/metrics.ts'
import { openServerWarehouse } from '../../../shared/warehouse/server.ts'
import { audit } from './audit.ts'
import { attackCatalogue as catalogue, openWorldLog } from './sealed-world.ts'

export interface SealerSettings {
  readonly dir: string
  readonly redisUrl: string
  readonly warehouseUrl: string
  readonly days: readonly string[]
  readonly now: number
}

const { dir, redisUrl, warehouseUrl, days, now }: SealerSettings = JSON.parse(process.argv[2] ?? '{}')
const clock = new ManualClock(now)
const warn = (message: string) => process.stderr.write(`${message}\n`)
const engines = {
  log: await openWorldLog(path.join(dir, 'log'), clock),
  keyValue: await openRedisKeyValue({ url: redisUrl, warn }),
  warehouse: await openServerWarehouse({ url: warehouseUrl, warn }),
}
const ledger = await openLedger({ ...engines, clock })
const errors: string[] = []
const logger = createLogger({ logLevel: 'error' }, { write: (line) => void errors.push(line) })
const scratchDir = path.join(dir, 'scratch')
const shared = { ...engines, ledger, catalogue, clock, logger, locate: () => '' }
const sealer = new Sealer({ ...shared, metrics: createMetrics(false), scratchDir })
await sealer.start()
for (const day of days) {
  await askForRelease(engines.keyValue, day)
  while (!isPublished(await ledger.state(), catalogue, day)) {
    await sealer.letsClose(day, false)
    await sealer.publish()
    await sleep(5)
  }
}
await sealer.stop()
for (const day of days) await sealer.letsClose(day, false)
writeSync(1, `${JSON.stringify({ audit: await audit(engines, ledger, catalogue, scratchDir), errors })}\n`)
process.exit(0)
