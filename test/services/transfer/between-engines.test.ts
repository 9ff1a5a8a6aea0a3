/** An export goes from embedded engines to servers and back, and is the same in each place. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import type { ClickhouseBridge } from '../../../infra/services/clickhouse-bridge.ts'
import { findRedis } from '../../../infra/services/redis.ts'
import { openWarehouse } from '../../../services/engines.ts'
import { ArchiveReader } from '../../../services/transfer/archive-folder.ts'
import type { ExportReport } from '../../../services/transfer/export-installation.ts'
import { restoreInstallation } from '../../../services/transfer/restore-installation.ts'
import { systemClock } from '../../../shared/clock.ts'
import type { Config } from '../../../shared/config.ts'
import { createLogger } from '../../../shared/logger.ts'
import { WarehouseUnavailableError } from '../../../shared/warehouse/port.ts'
import { withBridge } from '../../fixtures/bridged-warehouse.ts'
import { withRedis } from '../../fixtures/redis.ts'
import { answersOf, configIn, fillSource, tookOverAt, withRunning } from './filled-installation.ts'
import { exportTo, restoreFrom, withStoresOf } from './opened.ts'

const takenOver = new Date(tookOverAt).toISOString()
/** Everything but the ledger, which has grown by what each place has entered. */
const kept = ({ manifest }: ExportReport) => manifest.files.filter(({ name }) => !name.startsWith('ledger-'))

/** Redis where there is one, else the embedded store beside the server's tables. */
async function withServers(
  dir: string,
  use: (config: Config, bridge: ClickhouseBridge) => Promise<void>,
): Promise<void> {
  await withBridge(async ({ bridge }) => {
    const warehouse = { HEADCOUNT_WAREHOUSE_URL: `${bridge.url}/handed_over` }
    if (!findRedis()) return await use(await configIn(dir, 'servers', warehouse), bridge)
    await withRedis({}, async (redis) =>
      use(await configIn(dir, 'servers', { ...warehouse, HEADCOUNT_KEY_VALUE_URL: redis.url }), bridge),
    )
  })
}

/** ClickHouse is killed with -9 in the middle, and comes back with what it had. */
async function killedWhileRestoring(config: Config, bridge: ClickhouseBridge, folder: string): Promise<void> {
  await withStoresOf(config, async (tools) => {
    let inserts = 0
    const warehouse = new Proxy(tools.warehouse, {
      get(target, name) {
        const value = Reflect.get(target, name, target) as unknown
        if (typeof value !== 'function') return value
        return async (...given: unknown[]) => {
          if (name === 'insert' && ++inserts === 6) await bridge.kill('SIGKILL')
          return await value.apply(target, given)
        }
      },
    })
    const restoring = restoreInstallation({ ...tools, warehouse }, await ArchiveReader.open(folder), {
      revokePartners: false,
    })
    await assert.rejects(restoring, WarehouseUnavailableError)
  })
  await bridge.start()
  const logger = createLogger({ logLevel: 'silent' })
  const options = { config, clock: systemClock, logger, onFatal: () => undefined }
  await assert.rejects(openWarehouse(options), /was being restored into this warehouse, and that has not ended/)
}

test('embedded → ClickHouse, killed meanwhile → embedded: the same answers, bytes and head in each place', async () => {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'headcount-transfer-'))
  try {
    const source = await configIn(dir, 'source')
    const key = await fillSource(source)
    const said = await withRunning(source, takenOver, (running) => answersOf(running, key))
    const first = await exportTo(source, path.join(dir, 'first'))
    const { seq, hash } = first.manifest.ledger
    const isThere = async (config: Config) =>
      withRunning(config, takenOver, async (running) => {
        assert.deepEqual(await answersOf(running, key), said)
        assert.deepEqual((await running.headcount.desk.verifyLedger(`${seq}:${hash}`)).problems, [])
      })
    await withServers(dir, async (servers, bridge) => {
      await killedWhileRestoring(servers, bridge, path.join(dir, 'first'))
      await restoreFrom(servers, path.join(dir, 'first'))
      await isThere(servers)
      await assert.rejects(restoreFrom(servers, path.join(dir, 'first')), /not empty/)
      assert.deepEqual(kept(await exportTo(servers, path.join(dir, 'second'))), kept(first))
    })
    const back = await configIn(dir, 'back')
    await restoreFrom(back, path.join(dir, 'second'))
    await isThere(back)
    assert.deepEqual(kept(await exportTo(back, path.join(dir, 'third'))), kept(first))
  } finally {
    await rm(dir, { recursive: true, force: true, maxRetries: 10 })
  }
})
