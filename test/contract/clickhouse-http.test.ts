/** The warehouse contract over HTTP, on the test double of a ClickHouse server around the real engine. */
import assert from 'node:assert/strict'
import { startClickhouseBridge } from '../../infra/services/clickhouse-bridge.ts'
import { openServerWarehouse } from '../../shared/warehouse/server.ts'
import { warehouseContract } from './warehouse.ts'

warehouseContract('ClickHouse over HTTP', async ({ dir }) => {
  const bridge = await startClickhouseBridge({ dir })
  const warn = (message: string) => assert.fail(message)
  const warehouse = await openServerWarehouse({ url: bridge.url, readerUrl: bridge.readerUrl, warn })
  const close = warehouse.close.bind(warehouse)
  return Object.assign(warehouse, { close: () => close().finally(() => bridge.stop()) })
})
