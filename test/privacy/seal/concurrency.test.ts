/** Many who ask, and several who seal, at once: one release of each day and dataset. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { cp } from 'node:fs/promises'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ReleaseRequests } from '../../../services/operator/release-requests.ts'
import { cryptoRandom } from '../../../services/release/random-source.ts'
import {
  type CellsOf,
  drawDay,
  isPublished,
  isSealed,
  type ReleaseTools,
  reserveDay,
} from '../../../services/release/release-day.ts'
import { ReleaseGoneError, ReleaseStore } from '../../../services/release/release-store.ts'
import { askForRelease } from '../../../services/worker/seal/seal-requests.ts'
import type { Warehouse } from '../../../shared/warehouse/port.ts'
import { withBridge } from '../../fixtures/bridged-warehouse.ts'
import { filesHolding } from '../../fixtures/live-folder.ts'
import { describeWithRedis, openStore, withRedis } from '../../fixtures/redis.ts'
import { withTemporaryDirectory } from '../../fixtures/temporary-directory.ts'
import { until } from '../../fixtures/until.ts'
import { publishedDay, withDay } from './published-day.ts'
import { ReleaseChecks } from './release-checks.ts'
import { attackCatalogue, begunAt, writeLog } from './sealed-world.ts'
import type { SealerSettings } from './sealer-host.ts'
import type { ToldAudit } from './told.ts'

const datasets = attackCatalogue.datasets.map(({ id }) => id)

test('a thousand requests at once over several sealing jobs: one release, and everybody gets that or is told to wait', () =>
  withDay(120, 1, async ({ engines, clock, ledger, newSealer }) => {
    const sealers = [newSealer(), newSealer(), newSealer()]
    for (const sealer of sealers) await sealer.start()
    // The day was imported: its key lives.
    await engines.keyValue.secrets.createOnce(`epoch/day:${publishedDay}`, () => Buffer.alloc(32, 1))
    const nudge = async () => undefined
    const desks = Array.from(
      { length: 20 },
      () => new ReleaseRequests({ ...engines, ledger, catalogue: attackCatalogue, clock, nudge }),
    )
    const asked = Array.from({ length: 1000 }, (_, index) => {
      const desk = desks[index % desks.length] as ReleaseRequests
      return index % 10 === 9 ? desk.ask(publishedDay) : desk.askAndWait(publishedDay, 60_000)
    })
    await until(async () => {
      await Promise.all(
        sealers.map(async (sealer) => {
          await sealer.letsClose(publishedDay, false)
          await sealer.publish()
        }),
      )
      return isPublished(await ledger.state(), attackCatalogue, publishedDay)
    }, 60_000)
    const answers = await Promise.all(asked)
    const published = answers.filter(({ state }) => state === 'published')
    assert.ok(published.length >= 900)
    for (const answer of published) assert.deepEqual(answer, published[0])
    for (const answer of answers)
      if (answer.state !== 'published') assert.deepEqual(Object.keys(answer).sort(), ['state'], 'it has no data')
    const kinds: Record<string, number> = {}
    for await (const { event } of ledger.entries()) kinds[event.kind] = (kinds[event.kind] ?? 0) + 1
    const two = { 'budget.reserved': 2, 'release.sealed': 2, 'release.published': 2 }
    assert.deepEqual(kinds, { 'ledger.begun': 1, ...two })
    const refused = await desks[0]!.ask('2026-10-21')
    assert.equal(refused.state, 'refused')
    assert.deepEqual(Object.keys(refused).sort(), ['state', 'why'])
  }))

test('who is late by the length of an insert finds its draw removed, and takes the one that counts', () =>
  withDay(60, 1, async ({ engines, ledger }) => {
    const { warehouse } = engines
    const toolsOf = (store: ReleaseStore): ReleaseTools => ({
      ...{ ledger, warehouse, catalogue: attackCatalogue, random: cryptoRandom, store },
    })
    const first = toolsOf(new ReleaseStore(warehouse))
    // Large enough to be published, each draw with noise of its own.
    const cellsOf = async (dataset: string): ReturnType<CellsOf> => {
      const values = dataset === 'usage' ? ['a', '1'] : ['1']
      return new Map([['leaf', [{ values, devices: 5000, sums: [5000n] }]]])
    }
    let overtaken = 0
    /** While its insert is on its way to it, another has drawn the day, sealed it, and removed what it was not. */
    const late = new Proxy(warehouse, {
      get: (target, name) => {
        if (name !== 'insert') return Reflect.get(target, name, target).bind(target)
        return async (block: Parameters<Warehouse['insert']>[0]) => {
          await target.insert(block)
          if (overtaken++ === 0) await drawDay(publishedDay, cellsOf, first)
        }
      },
    })
    const second = toolsOf(new ReleaseStore(late))
    await second.store.prepare()
    await reserveDay(publishedDay, second)
    await drawDay(publishedDay, cellsOf, second)
    assert.ok(overtaken > 0)
    const state = await ledger.state()
    assert.ok(isSealed(state, attackCatalogue, publishedDay))
    for (const { sha256, dataset } of state.releases())
      assert.ok(await first.store.manifest(dataset, publishedDay, sha256 ?? ''), `${dataset} has its bytes`)
  }))

test('a draw that is not there although nobody else has sealed the day is an error', () =>
  withDay(60, 1, async ({ engines, ledger }) => {
    const { warehouse } = engines
    const dropping = new Proxy(warehouse, {
      get: (target, name) =>
        name === 'insert' ? async () => undefined : Reflect.get(target, name, target).bind(target),
    })
    const store = new ReleaseStore(dropping)
    const tools = { ledger, warehouse, catalogue: attackCatalogue, random: cryptoRandom, store }
    await store.prepare()
    await reserveDay(publishedDay, tools)
    await assert.rejects(
      drawDay(publishedDay, async () => new Map(), tools),
      ReleaseGoneError,
    )
  }))

describeWithRedis('several processes that seal', () => {
  test('over one Redis and one ClickHouse: one release of each day and dataset', () =>
    withRedis({}, (redis) =>
      withBridge(({ bridge }) =>
        withTemporaryDirectory(async (dir) => {
          const days = ['2026-10-20', '2026-10-21', '2026-10-22']
          await writeLog(path.join(dir, 'log'), { days, after: 0 }, 100, 3)
          const shared = { redisUrl: redis.url, warehouseUrl: bridge.url, days, now: begunAt }
          const told = await Promise.all(
            ['one', 'two', 'three'].map(async (name) => {
              const own = path.join(dir, name)
              await cp(path.join(dir, 'log'), path.join(own, 'log'), { recursive: true })
              return await run({ ...shared, dir: own })
            }),
          )
          const checks = new ReleaseChecks()
          for (const { audit, errors } of told) {
            checks.hear({ audit })
            assert.deepEqual(errors, [])
          }
          checks.end(told.at(-1)?.audit, days, datasets)
          assert.deepEqual(checks.mistakes, [])
          const served = told.map(({ audit }) => JSON.stringify(audit.served))
          assert.equal(new Set(served).size, 1, 'all hand out the same bytes')
        }),
      ),
    ))

  test('leave the key of a seal in none of Redis’s files', () =>
    withRedis({}, async (redis) => {
      const keyValue = await openStore(redis, { warn: () => undefined })
      await withDay(60, 1, async ({ newSealer, ask, finish, engines }) => {
        const key = Buffer.from(crypto.getRandomValues(new Uint8Array(32)))
        await keyValue.secrets.createOnce(`seal/${publishedDay}`, () => key)
        assert.ok((await filesHolding(redis.dir, key)).length > 0, 'control: while it lives it is there')
        const sealer = newSealer({ keyValue })
        await ask(sealer)
        await askForRelease(keyValue, publishedDay)
        await finish(sealer)
        assert.equal(await keyValue.secrets.isDestroyed(`seal/${publishedDay}`), true)
        assert.deepEqual(await filesHolding(redis.dir, key, key.toString('hex'), key.toString('base64')), [])
        assert.equal(
          await engines.keyValue.secrets.isDestroyed(`seal/${publishedDay}`),
          false,
          'the other store had none',
        )
      })
    }))
})

async function run(settings: SealerSettings): Promise<{ audit: ToldAudit; errors: string[] }> {
  const host = fileURLToPath(new URL('./sealer-host.ts', import.meta.url))
  const args = ['--import', import.meta.resolve('tsx'), host, JSON.stringify(settings)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  return JSON.parse(await text(child.stdout))
}
