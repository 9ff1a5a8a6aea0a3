import assert from 'node:assert/strict'
import path from 'node:path'
import { it } from 'node:test'
import { RequestAllowances } from '../../../../services/reporting/partner-api/request-allowance.ts'
import { ManualClock } from '../../../../shared/clock.ts'
import { openEmbeddedKeyValue } from '../../../../shared/keyvalue/embedded.ts'
import type { KeyValue } from '../../../../shared/keyvalue/port.ts'
import { describeWithRedis, openStore } from '../../../fixtures/redis.ts'
import { withTemporaryDirectory } from '../../../fixtures/temporary-directory.ts'

/** Of `count` requests at once from two processes, how many were granted. */
async function granted(stores: [KeyValue, KeyValue], clock: ManualClock, count: number, quota: number) {
  const processes = stores.map((keyValue) => new RequestAllowances({ keyValue, clock }))
  const answers = await Promise.all(
    Array.from({ length: count }, (_, index) => processes[index % 2]!.take('partner-1', quota)),
  )
  return answers.filter((one) => one.granted).length
}

it('grants exactly the quota to two processes that ask at once, on LMDB, and leaves one value', () =>
  withTemporaryDirectory(async (dir) => {
    const clock = new ManualClock('2026-11-25T10:00:00Z')
    const store = await openEmbeddedKeyValue({ dir: path.join(dir, 'store'), clock })
    try {
      assert.equal(await granted([store, store], clock, 150, 50), 50)
      clock.advance(120_000)
      assert.equal(await granted([store, store], clock, 60, 50), 50)
      const keys = []
      for await (const [key] of store.scan('partner-requests/')) keys.push(key)
      assert.deepEqual(keys, ['partner-requests/partner-1'])
    } finally {
      await store.close()
    }
  }))

describeWithRedis('request allowances on Redis', (redis) => {
  it('grants exactly the quota to two processes that ask at once', async () => {
    const clock = new ManualClock('2026-11-25T10:00:00Z')
    const stores: [KeyValue, KeyValue] = [await openStore(redis()), await openStore(redis())]
    assert.equal(await granted(stores, clock, 150, 50), 50)
  })
})
