/** A day that was sealed and published as the worker does it, with everything that attacks want of it. */
import path from 'node:path'
import { Random } from '../../../services/command-line/demo-random.ts'
import type { Engines } from '../../../services/headcount.ts'
import { askForRelease } from '../../../services/worker/seal/seal-requests.ts'
import { Sealer } from '../../../services/worker/seal/sealer.ts'
import { ManualClock } from '../../../shared/clock.ts'
import { openEmbeddedKeyValue } from '../../../shared/keyvalue/embedded.ts'
import type { Ledger, LedgerState } from '../../../shared/ledger/port.ts'
import { openLedger } from '../../../shared/ledger/warehouse-ledger.ts'
import { createLogger } from '../../../shared/logger.ts'
import { createMetrics } from '../../../shared/metrics.ts'
import { openEmbeddedWarehouse } from '../../../shared/warehouse/embedded.ts'
import { MemoryEventLog } from '../../doubles/memory-event-log.ts'
import { withTemporaryDirectory } from '../../fixtures/temporary-directory.ts'
import { until } from '../../fixtures/until.ts'
import { appendRecords, attackCatalogue, begunAt, partitions, recordsOfDay } from './sealed-world.ts'

/** Imported, so that nothing but a request releases it. */
export const publishedDay = '2026-10-20'

export interface PublishedDay {
  readonly engines: Engines
  readonly clock: ManualClock
  readonly ledger: Ledger
  /** Another sealing process over the same stores. */
  newSealer(): Sealer
  /** Asks, seals and publishes. */
  publish(sealer: Sealer): Promise<void>
}

/** Stores in a folder of their own, with the records of one day in the log. */
export async function withDay<T>(devices: number, seed: number, use: (day: PublishedDay) => Promise<T>): Promise<T> {
  return await withTemporaryDirectory(async (dir) => {
    const clock = new ManualClock(begunAt)
    const log = new MemoryEventLog(clock, partitions)
    const random = new Random(seed)
    await appendRecords(log, recordsOfDay(publishedDay, devices, random), random)
    const keyValue = await openEmbeddedKeyValue({ dir: path.join(dir, 'key-value'), clock })
    const warehouse = await openEmbeddedWarehouse({ dir: path.join(dir, 'warehouse') })
    const engines = { log, keyValue, warehouse }
    try {
      const ledger = await openLedger({ keyValue, warehouse, clock })
      let sealers = 0
      const newSealer = () =>
        new Sealer({
          ...{ ...engines, ledger, catalogue: attackCatalogue, clock, locate: () => '' },
          logger: createLogger({ logLevel: 'silent' }),
          metrics: createMetrics(false),
          scratchDir: path.join(dir, `scratch-${sealers++}`),
        })
      const publish = async (sealer: Sealer) => {
        await sealer.start()
        await askForRelease(keyValue, publishedDay)
        await until(async () => {
          await sealer.letsClose(publishedDay, false)
          await sealer.publish()
          return isDone(await ledger.state())
        }, 60_000)
      }
      return await use({ engines, clock, ledger, newSealer, publish })
    } finally {
      await keyValue.close()
      await warehouse.close()
    }
  })
}

function isDone(state: LedgerState): boolean {
  return attackCatalogue.datasets.every(({ id }) => state.release(publishedDay, id)?.state === 'PUBLISHED')
}
