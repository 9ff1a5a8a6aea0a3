/** A day that was sealed and published as the worker does it, with everything that attacks want of it. */
import path from 'node:path'
import { Random } from '../../../services/command-line/demo-random.ts'
import type { Engines } from '../../../services/headcount.ts'
import { isPublished } from '../../../services/release/release-day.ts'
import { askForRelease } from '../../../services/worker/seal/seal-requests.ts'
import { Sealer } from '../../../services/worker/seal/sealer.ts'
import { ManualClock } from '../../../shared/clock.ts'
import { openEmbeddedKeyValue } from '../../../shared/keyvalue/embedded.ts'
import type { Ledger } from '../../../shared/ledger/port.ts'
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
  newSealer(wrapped?: Partial<Engines>): Sealer
  /** Starts it, and asks for the day as an operator does. */
  ask(sealer: Sealer): Promise<void>
  /** Does what the worker does, until everything of the day is published and it may close. */
  finish(sealer: Sealer): Promise<void>
  /** Both. */
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
    // A write of LMDB on its way does not keep a process alive; servers and timers do where there are any.
    const alive = setInterval(() => undefined, 1000)
    try {
      const ledger = await openLedger({ keyValue, warehouse, clock })
      let sealers = 0
      const newSealer = (wrapped: Partial<Engines> = {}) =>
        new Sealer({
          ...{ ...engines, ...wrapped, ledger, catalogue: attackCatalogue, clock, locate: () => '' },
          logger: createLogger({ logLevel: 'silent' }),
          metrics: createMetrics(false),
          scratchDir: path.join(dir, `scratch-${sealers++}`),
        })
      const ask = async (sealer: Sealer) => {
        await sealer.start()
        await askForRelease(keyValue, publishedDay)
      }
      const finish = (sealer: Sealer) =>
        until(async () => {
          const mayClose = await sealer.letsClose(publishedDay, false)
          await sealer.publish()
          const done = isPublished(await ledger.state(), attackCatalogue, publishedDay)
          if (mayClose && !done) throw new Error('the day may close before it is published')
          return mayClose && done
        }, 60_000)
      const publish = async (sealer: Sealer) => {
        await ask(sealer)
        await finish(sealer)
      }
      return await use({ engines, clock, ledger, newSealer, ask, finish, publish })
    } finally {
      clearInterval(alive)
      await keyValue.close()
      await warehouse.close()
    }
  })
}
