/** The ledger's contract on the embedded engines and on Redis, and what only several or killed processes can show. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import path from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { systemClock } from '../../shared/clock.ts'
import { fraction } from '../../shared/fraction.ts'
import { openEmbeddedKeyValue } from '../../shared/keyvalue/embedded.ts'
import type { KeyValue } from '../../shared/keyvalue/port.ts'
import { verifyLedger } from '../../shared/ledger/verify-ledger.ts'
import { openLedger } from '../../shared/ledger/warehouse-ledger.ts'
import { openEmbeddedWarehouse } from '../../shared/warehouse/embedded.ts'
import { withBridge } from '../fixtures/bridged-warehouse.ts'
import { describeWithRedis, openStore } from '../fixtures/redis.ts'
import { withTemporaryDirectory } from '../fixtures/temporary-directory.ts'
import { linesUntilKilled } from './killed-process.ts'
import { ledgerContract } from './ledger.ts'
import { allEntries, budgetRho } from './ledger-stores.ts'

ledgerContract('embedded', (use) =>
  withTemporaryDirectory(async (dir) => {
    const opened: KeyValue[] = []
    const openKeyValue = async () => {
      const name = path.join(dir, `values-${opened.length}`)
      const store = await openEmbeddedKeyValue({ dir: name, clock: systemClock })
      opened.push(store)
      return store
    }
    const warehouse = await openEmbeddedWarehouse({ dir: path.join(dir, 'tables') })
    try {
      await use({ keyValue: await openKeyValue(), warehouse, emptyKeyValue: openKeyValue })
    } finally {
      await warehouse.close()
      for (const store of opened) await store.close()
    }
  }),
)

describeWithRedis('on Redis', (redis) => {
  let stores = 0
  ledgerContract('Redis and embedded tables', (use) =>
    withTemporaryDirectory(async (dir) => {
      const openKeyValue = () => openStore(redis(), { prefix: `ledger-${stores++}:` })
      const warehouse = await openEmbeddedWarehouse({ dir: path.join(dir, 'tables') })
      try {
        await use({ keyValue: await openKeyValue(), warehouse, emptyKeyValue: openKeyValue })
      } finally {
        await warehouse.close()
      }
    }),
  )

  it('of 180 reservations by three processes on two servers as many succeed as the budget has room for', async () => {
    await withBridge(async ({ bridge, open }) => {
      const script = fileURLToPath(new URL('./ledger-racer.ts', import.meta.url))
      const racer = async (name: string) => {
        const args = ['--import', 'tsx', script, redis().url, bridge.url, name, '3']
        const { stdout } = await promisify(execFile)(process.execPath, args)
        return JSON.parse(stdout) as Record<string, number>
      }
      const counts = await Promise.all(['x', 'y', 'z'].map(racer))
      const total = (name: string) => counts.reduce((sum, one) => sum + (one[name] ?? 0), 0)
      assert.deepEqual([total('done'), total('BudgetExceededError')], [15, 165])
      const ledger = await openLedger({
        keyValue: await openStore(redis()),
        warehouse: await open(),
        clock: systemClock,
      })
      const { entries, problems } = await verifyLedger(ledger, { budgetRho })
      assert.deepEqual([entries, problems], [16, []])
    })
  })
})

describe('a ledger killed at work', () => {
  it('verifies and has every acknowledged append at its place after each of 6 kills', async () => {
    await withTemporaryDirectory(async (dir) => {
      const acknowledged: string[] = []
      for (let run = 0; run < 6; run++) {
        const killAfterMs = 40 + Math.floor(Math.random() * 450)
        acknowledged.push(...(await linesUntilKilled('./ledger-until-killed.ts', [dir, `${run}`], killAfterMs)))
        const keyValue = await openEmbeddedKeyValue({ dir: path.join(dir, 'values'), clock: systemClock })
        const warehouse = await openEmbeddedWarehouse({ dir: path.join(dir, 'tables') })
        const ledger = await openLedger({ keyValue, warehouse, clock: systemClock })
        const entries = await allEntries(ledger)
        const { problems } = await verifyLedger(ledger, { budgetRho: fraction(1_000_000) })
        await warehouse.close()
        await keyValue.close()
        assert.deepEqual(problems, [], `killed after ${killAfterMs} ms`)
        const found = new Set(entries.map(({ seq, event }) => `${seq} ${'dataset' in event ? event.dataset : ''}`))
        assert.deepEqual(
          acknowledged.filter((line) => !found.has(line)),
          [],
          `killed after ${killAfterMs} ms`,
        )
      }
      // The first line of a run starts its clock; it was killed at work if there are others.
      assert.ok(acknowledged.length > 6, `${acknowledged.length}`)
    })
  })
})
