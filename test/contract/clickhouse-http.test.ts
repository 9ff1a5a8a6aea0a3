/** The warehouse contract over HTTP, on the test double of a ClickHouse server around the real engine. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startClickhouseBridge } from '../../infra/services/clickhouse-bridge.ts'
import { type Warehouse, WarehouseUnavailableError } from '../../shared/warehouse/port.ts'
import { openServerWarehouse } from '../../shared/warehouse/server.ts'
import { withBridge } from '../fixtures/bridged-warehouse.ts'
import { block, createEvents, warehouseContract } from './warehouse.ts'

warehouseContract('ClickHouse over HTTP', async ({ dir }) => {
  const bridge = await startClickhouseBridge({ dir })
  const warn = (message: string) => assert.fail(message)
  const warehouse = await openServerWarehouse({ url: bridge.url, readerUrl: bridge.readerUrl, warn })
  const close = warehouse.close.bind(warehouse)
  return Object.assign(warehouse, { close: () => close().finally(() => bridge.stop()) })
})

const rowsPerInsert = 2000

/** Inserts block after block until the server is gone. @returns the one that was not acknowledged */
async function insertUntilGone(warehouse: Warehouse, first: number, acknowledged: number[]): Promise<number> {
  for (let index = first; ; index++) {
    try {
      await warehouse.insert(block(rowsPerInsert, `insert-${index}`, index * rowsPerInsert))
      acknowledged.push(index)
    } catch (error) {
      assert.ok(error instanceof WarehouseUnavailableError, String(error))
      return index
    }
  }
}

/** Rows of each insert in the table. */
async function insertsIn(warehouse: Warehouse): Promise<Map<number, string>> {
  const rows = await warehouse.select<{ insert: number; rows: string }>(
    `SELECT toUInt32(intDiv(id, ${rowsPerInsert})) AS insert, count() AS rows FROM events GROUP BY insert`,
  )
  return new Map(rows.map(({ insert, rows }) => [insert, rows]))
}

describe('a ClickHouse server killed during inserts', () => {
  it('has each insert whole or not at all, all acknowledged ones, and those done again after a look once', async () => {
    await withBridge(async ({ bridge, open }) => {
      const warehouse = await open()
      await warehouse.command(createEvents)
      const acknowledged: number[] = []
      for (let kill = 0; kill < 6; kill++) {
        const running = [0, 1].map((side) => insertUntilGone(warehouse, (kill * 2 + side) * 100_000, acknowledged))
        await sleep(120 + kill * 47)
        await bridge.kill('SIGKILL')
        const unknown = await Promise.all(running)
        await bridge.start()
        const found = await insertsIn(warehouse)
        for (const index of unknown.filter((index) => !found.has(index))) await insertAgain(warehouse, index)
        acknowledged.push(...unknown)
      }
      const found = await insertsIn(warehouse)
      assert.ok(acknowledged.length > 12, `${acknowledged.length} inserts`)
      assert.deepEqual([...found.keys()].sort(ascending), acknowledged.sort(ascending))
      assert.deepEqual([...new Set(found.values())], [String(rowsPerInsert)])
    })
  })
})

const ascending = (a: number, b: number) => a - b

/** As the worker does: the token may have survived an insert that did not, so look, and take another one then. */
async function insertAgain(warehouse: Warehouse, index: number): Promise<void> {
  for (const token of [`insert-${index}`, `insert-${index}/r1`]) {
    await warehouse.insert(block(rowsPerInsert, token, index * rowsPerInsert))
    if ((await insertsIn(warehouse)).has(index)) return
  }
}
