/** The contracts on the embedded engines, and what only a killed process can show. */
import assert from 'node:assert/strict'
import path from 'node:path'
import { describe, it } from 'node:test'
import { systemClock } from '../../shared/clock.ts'
import { openEmbeddedEventLog } from '../../shared/eventlog/embedded.ts'
import { openEmbeddedKeyValue } from '../../shared/keyvalue/embedded.ts'
import { openEmbeddedWarehouse } from '../../shared/warehouse/embedded.ts'
import { withTemporaryDirectory } from '../fixtures/temporary-directory.ts'
import { assignments, eventLogContract } from './event-log.ts'
import { keyValueContract } from './key-value.ts'
import { linesUntilKilled } from './killed-process.ts'
import { warehouseContract } from './warehouse.ts'

eventLogContract('embedded', (options) => openEmbeddedEventLog({ partitions: 1, pendingBytesMax: 1e8, ...options }))
keyValueContract('embedded', openEmbeddedKeyValue)
warehouseContract('embedded', openEmbeddedWarehouse)

describe('embedded engines killed at work', () => {
  it('the event log has every acknowledged record at its position after each of 5 kills', async () => {
    await withTemporaryDirectory(async (dir) => {
      const acknowledged: string[] = []
      for (let run = 0; run < 5; run++) {
        acknowledged.push(...(await linesUntilKilled('./append-until-killed.ts', [dir, `${run}`], 100 + run * 37)))
        const log = await openEmbeddedEventLog({ dir, partitions: 2, clock: systemClock, pendingBytesMax: 1e8 })
        const found = new Set<string>()
        for (const assignment of await assignments(log)) {
          const { records, end } = await assignment.read(0, { records: 1e6, bytes: 1e9, waitMs: 0 })
          assert.deepEqual([records.length, records.at(-1)?.position], [end, end - 1])
          for (const { position, value } of records)
            found.add(`${assignment.partition} ${position} ${value.toString().replace(/\.+$/, '')}`)
        }
        await log.close()
        assert.ok(acknowledged.length > 0)
        assert.deepEqual(
          acknowledged.filter((line) => !found.has(line)),
          [],
        )
      }
    })
  })

  it('the warehouse has all rows of an insert or none, and all acknowledged ones, after each of 5 kills', async () => {
    await withTemporaryDirectory(async (parent) => {
      const dir = path.join(parent, 'tables')
      const acknowledged: number[] = []
      for (let run = 0; run < 5; run++) {
        const lines = await linesUntilKilled('./insert-until-killed.ts', [dir, `${run * 100_000}`], 150 + run * 61)
        acknowledged.push(...lines.map(Number))
        const warehouse = await openEmbeddedWarehouse({ dir })
        const inserts = await warehouse.select<{ insert: string; rows: string; ids: string }>(
          'SELECT intDiv(id, 2000) AS insert, count() AS rows, uniqExact(id) AS ids FROM events GROUP BY insert',
        )
        await warehouse.close()
        assert.deepEqual(
          inserts.filter(({ rows, ids }) => rows !== '2000' || ids !== '2000'),
          [],
        )
        const found = new Set(inserts.map(({ insert }) => Number(insert)))
        assert.deepEqual(
          acknowledged.filter((insert) => !found.has(insert)),
          [],
        )
      }
    })
  })
})
