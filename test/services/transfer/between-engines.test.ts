/** An export goes from embedded engines to servers and back, and is the same in each place. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { findRedis } from '../../../infra/services/redis.ts'
import type { ExportReport } from '../../../services/transfer/export-installation.ts'
import type { Config } from '../../../shared/config.ts'
import { withBridge } from '../../fixtures/bridged-warehouse.ts'
import { withRedis } from '../../fixtures/redis.ts'
import { answersOf, configIn, fillSource, tookOverAt, withRunning } from './filled-installation.ts'
import { exportTo, restoreFrom } from './opened.ts'

const takenOver = new Date(tookOverAt).toISOString()
/** Everything but the ledger, which has grown by what each place has entered. */
const kept = ({ manifest }: ExportReport) => manifest.files.filter(({ name }) => !name.startsWith('ledger-'))

/** Redis where there is one, else the embedded store beside the server's tables. */
async function withServers(dir: string, use: (config: Config) => Promise<void>): Promise<void> {
  await withBridge(async ({ bridge }) => {
    const warehouse = { HEADCOUNT_WAREHOUSE_URL: `${bridge.url}/handed_over` }
    if (!findRedis()) return await use(await configIn(dir, 'servers', warehouse))
    await withRedis({}, async (redis) =>
      use(await configIn(dir, 'servers', { ...warehouse, HEADCOUNT_KEY_VALUE_URL: redis.url })),
    )
  })
}

test('embedded → ClickHouse over HTTP → embedded: the same answers, bytes and head in each place', async () => {
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
    await withServers(dir, async (servers) => {
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
