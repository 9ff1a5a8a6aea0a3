/** A key-value store that has lost everything: what is brought back, what is not, and what must never come of it. */
import assert from 'node:assert/strict'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { noticeNewLog } from '../../../services/worker/notice-new-log.ts'
import { encodeRecord } from '../../../shared/event.ts'
import { openEmbeddedEventLog } from '../../../shared/eventlog/embedded.ts'
import { KeyValueLostError } from '../../../shared/keyvalue/identity.ts'
import { createLogger } from '../../../shared/logger.ts'
import { dayMs, hourMs } from '../../../shared/window.ts'
import { MemoryKeyValue } from '../../doubles/memory-key-value.ts'
import { openInstallation, recordOf, type TestInstallation } from '../../fixtures/installation.ts'
import { until } from '../../fixtures/until.ts'

const usageOfDay = `SELECT toString(sum(events)) AS events, toString(uniqCombined64Merge(17)(state)) AS devices
FROM cells WHERE dataset = 'usage' AND grain = 'day' AND stage = 'open'`
const openRows = `SELECT toString(count()) AS rows FROM cells WHERE stage = 'open'`

describe('a key-value store that has lost everything', () => {
  let installation: TestInstallation
  let first: MemoryKeyValue
  before(async () => {
    installation = await openInstallation()
    first = new MemoryKeyValue(installation.clock)
    const { clock } = installation
    const worker = await installation.startWorker({ keyValue: first })
    await installation.append([recordOf({ at: clock, ids: ['of-the-first-day'] })])
    await installation.settle(worker)
    // That day closes; then comes another.
    clock.advance(2 * dayMs)
    await installation.append([recordOf({ at: clock, ids: ['one', 'two', 'three'] })])
    await installation.append([recordOf({ at: clock, ids: ['four'], device: 'device-2' })], 1)
    await installation.settle(worker)
    await worker.close('day:2026-11-20')
    assert.ok(await worker.epochKeys.isClosed('day:2026-11-20'))
    await worker.drain()
  })
  after(() => installation.close())

  it('knows again what it has seen: what is sent once more counts once', async () => {
    const { clock } = installation
    assert.deepEqual(await installation.rows(usageOfDay), [{ events: '4', devices: '2' }])
    const worker = await installation.startWorker({ keyValue: new MemoryKeyValue(clock) })
    await installation.append([recordOf({ at: clock, ids: ['one', 'two', 'three', 'five'] })])
    await installation.append([recordOf({ at: clock, ids: ['four'], device: 'device-2' })], 1)
    await installation.settle(worker)
    // Four events and a fifth. Of the two devices the one with a new event has a new pseudonym: it counts once more.
    assert.deepEqual(await installation.rows(usageOfDay), [{ events: '5', devices: '3' }])
    await worker.drain()
  })

  it('says which keys are gone: one for each epoch that is open', async () => {
    const { values } = await installation.metrics.epochKeysLost.get()
    // The day, its week (both days are in it) and the month.
    assert.equal(values[0]?.value, 3)
  })

  it('makes no key again for an epoch that has closed', async () => {
    const { clock } = installation
    const worker = await installation.startWorker({ keyValue: new MemoryKeyValue(clock) })
    assert.ok(await worker.epochKeys.isClosed('day:2026-11-20'))
    assert.equal(await worker.epochKeys.isClosed('day:2026-11-22'), false)
    const time = clock.now() - 2 * dayMs
    await installation.append([recordOf({ at: clock, time, over: { route: 'import' } })])
    await installation.settle(worker)
    assert.deepEqual(
      await installation.rows(
        `SELECT window FROM cells WHERE stage = 'open' AND window < '2026-11-21 00:00:00' AND grain = 'day'`,
      ),
      [],
    )
    await worker.drain()
  })

  it('closes what was open when its time has come, states and all', async () => {
    const { clock } = installation
    const worker = await installation.startWorker({ keyValue: new MemoryKeyValue(clock) })
    clock.advance(40 * dayMs)
    await until(async () => {
      await worker.maintain()
      return (await installation.rows<{ rows: string }>(openRows))[0]?.rows === '0'
    })
    assert.deepEqual(await worker.keyTimes(), [])
    const total = `SELECT toString(sum(events)) AS events FROM cells WHERE dataset = 'usage' AND grain = 'month' AND stage = 'final' AND by = ''`
    assert.deepEqual(await installation.rows(total), [{ events: '6' }])
    await worker.drain()
  })

  it('is left at once by a worker that runs while it happens', async () => {
    const { clock } = installation
    const keyValue = new MemoryKeyValue(clock)
    const worker = await installation.startWorker({ keyValue })
    await worker.maintain()
    assert.equal(installation.fatal.length, 0)
    keyValue.lose()
    await until(() => installation.fatal.length > 0)
    assert.ok(installation.fatal[0] instanceof KeyValueLostError)
  })
})

describe('a fresh event log beside old tables', () => {
  it('is noticed, and counted from its first record on', async () => {
    const installation = await openInstallation({ partitions: 1 })
    const { clock, engines, dir } = installation
    const logger = createLogger({ logLevel: 'silent' })
    try {
      const worker = await installation.startWorker()
      await installation.append([recordOf({ at: clock }), recordOf({ at: clock })])
      await installation.settle(worker)
      assert.equal(await noticeNewLog(engines.warehouse, engines.log.logId, logger), false)
      await worker.drain()
      clock.advance(hourMs)
      const fresh = { dir: path.join(dir, 'fresh-log'), partitions: 1, clock, pendingBytesMax: 1e8 }
      const log = await openEmbeddedEventLog(fresh)
      assert.equal(await noticeNewLog(engines.warehouse, log.logId, logger), true)
      const next = await installation.startWorker({ log })
      // Position 0 of the old log has a mark; that of the new one is not taken for it.
      await log.append([{ partition: 0, value: encodeRecord(recordOf({ at: clock })) }])
      await until(async () => (await installation.rows<{ events: string }>(usageOfDay))[0]?.events === '3')
      assert.equal(await noticeNewLog(engines.warehouse, log.logId, logger), false)
      await next.drain()
      await log.close()
    } finally {
      await installation.close()
    }
  })
})
