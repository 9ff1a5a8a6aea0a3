/** Days are sealed, published and closed by a running worker, by a clock that is moved. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { afterEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ReleaseRequests } from '../../../../services/operator/release-requests.ts'
import type { Manifest } from '../../../../services/release/manifest.ts'
import { ReleaseStore } from '../../../../services/release/release-store.ts'
import type { Worker } from '../../../../services/worker/worker.ts'
import { parseCatalogue } from '../../../../shared/catalogue-file.ts'
import { encodeHead, headKey } from '../../../../shared/ledger/ledger-head.ts'
import { openInstallation, recordOf, type TestInstallation } from '../../../fixtures/installation.ts'

const hourMs = 3_600_000
const text = (release: string) => `
version: "1"
features: [{ id: a, title: A }, { id: b, title: B }]
dimensions: [{ id: feature, title: Feature, from: feature }]
datasets:
  - { id: usage, title: Usage, dimensions: [feature], audience: partners, release: ${release} }
  - { id: inner, title: Inner, dimensions: [feature] }
`
const catalogue = parseCatalogue(text('[{ level: leaf, by: [feature], events: 8, share: 1 }]'), 'test.yaml')

let world: TestInstallation
afterEach(() => world.close())

const open = () => openInstallation({ catalogue, releases: true, start: '2026-11-20T12:00:00Z' })

async function send(devices: number, feature = 'a'): Promise<void> {
  await world.append(
    Array.from({ length: devices }, (_, index) => recordOf({ device: `device ${index}`, feature, at: world.clock })),
  )
}

/** Lets the worker look until `isThere`. */
async function until(worker: Worker, isThere: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 20_000; !(await isThere()); await sleep(10)) {
    await worker.maintain()
    if (Date.now() > deadline) assert.fail('it did not come')
  }
}

const release = async (day: string) => (await world.ledger.state()).release(day, 'usage')
const isState = (day: string, state: string) => async () => (await release(day))?.state === state

async function rowsOf(day: string): Promise<Record<string, unknown>[]> {
  const store = new ReleaseStore(world.engines.warehouse)
  const { sha256 = '' } = (await release(day)) ?? {}
  const manifest = JSON.parse(String(await store.manifest('usage', day, sha256))) as Manifest
  const file = manifest.files.find(({ format }) => format === 'ndjson')
  const bytes = await store.file('usage', day, sha256, 'ndjson', file?.sha256 ?? '')
  const rows = String(bytes).split('\n').filter(Boolean)
  return rows.map((row) => JSON.parse(row) as Record<string, unknown>)
}

test('a day is sealed 24 hours after its end, then closed, and published 30 hours after it', async () => {
  world = await open()
  const worker = await world.startWorker()
  await send(400)
  await send(5, 'b')
  await world.settle(worker)
  world.clock.set('2026-11-21T23:59:00Z')
  await world.settle(worker)
  await worker.maintain()
  assert.equal(await release('2026-11-20'), undefined)
  world.clock.set('2026-11-22T00:02:00Z')
  await world.settle(worker)
  await until(worker, isState('2026-11-20', 'SEALED'))
  await until(worker, () => worker.epochKeys.isClosed('day:2026-11-20'))
  world.clock.set('2026-11-22T05:59:00Z')
  await worker.maintain()
  assert.equal((await release('2026-11-20'))?.state, 'SEALED')
  world.clock.set('2026-11-22T06:00:00Z')
  await until(worker, isState('2026-11-20', 'PUBLISHED'))
  const rows = await rowsOf('2026-11-20')
  assert.equal(rows.length, 1, 'five devices are no row')
  assert.equal(rows[0]?.feature, 'a')
  assert.ok(Math.abs(Number(rows[0]?.devices) - 400) < 60, `400 devices, and ${rows[0]?.devices} are published`)
})

test('nothing of a seal is left: its key is destroyed, its plan and its folder are gone', async () => {
  world = await open()
  const worker = await world.startWorker()
  await send(100)
  await world.settle(worker)
  world.clock.set('2026-11-22T00:02:00Z')
  await world.settle(worker)
  await until(worker, () => worker.epochKeys.isClosed('day:2026-11-20'))
  const { keyValue } = world.engines
  assert.ok(await keyValue.secrets.isDestroyed('seal/2026-11-20'))
  assert.equal(await keyValue.get('seal/2026-11-20'), undefined)
  const dir = path.join(world.dir, 'scratch-seal-0')
  assert.deepEqual(existsSync(dir) ? readdirSync(dir) : [], [])
})

test('a day without events has a release too, an empty one: that there is one tells nothing', async () => {
  world = await open()
  const worker = await world.startWorker()
  world.clock.set('2026-11-23T00:02:00Z')
  await world.settle(worker)
  await until(worker, isState('2026-11-20', 'PUBLISHED'))
  await until(worker, isState('2026-11-21', 'SEALED'))
  world.clock.set('2026-11-23T06:00:00Z')
  await until(worker, isState('2026-11-21', 'PUBLISHED'))
  assert.deepEqual(await rowsOf('2026-11-21'), [])
  assert.equal(await release('2026-11-19'), undefined, 'the ledger began on the 20th')
})

test('an imported day of long ago is released when it is asked for, and published at once', async () => {
  world = await open()
  const worker = await world.startWorker()
  const time = Date.parse('2015-05-18T12:00:00Z')
  const agent = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
  for (const day of [0, 24])
    await world.append(
      Array.from({ length: 300 }, (_, index) =>
        recordOf({
          ...{ device: `device ${index}`, time: time + day * hourMs, at: world.clock },
          over: { route: 'import', userAgent: agent },
        }),
      ),
    )
  await world.settle(worker)
  const requests = new ReleaseRequests({ ...world.engines, ...world, nudge: () => worker.maintain() })
  const answer = await requests.askAndWait('2015-05-18', 20_000)
  assert.equal(answer.state, 'published')
  assert.equal((await rowsOf('2015-05-18')).length, 1)
  world.clock.advance(26 * hourMs)
  await world.settle(worker)
  await until(worker, () => worker.epochKeys.isClosed('day:2015-05-19'))
  assert.equal(await release('2015-05-19'), undefined, 'nobody asked for it')
  const refused = await requests.ask('2015-05-19')
  assert.match(refused.state === 'refused' ? refused.why : '', /nothing of 2015-05-19 is open/)
})

test('a thousand requests at once are one release', async () => {
  world = await open()
  const worker = await world.startWorker()
  await send(300)
  await world.settle(worker)
  world.clock.set('2026-11-21T03:00:00Z')
  await world.settle(worker)
  const requests = Array.from(
    { length: 10 },
    () => new ReleaseRequests({ ...world.engines, ...world, nudge: () => worker.maintain() }),
  )
  const answers = await Promise.all(
    Array.from({ length: 1000 }, (_, index) =>
      (requests[index % 10] as ReleaseRequests).askAndWait('2026-11-20', 30_000),
    ),
  )
  const first = answers[0]
  assert.equal(first?.state, 'published')
  for (const answer of answers) assert.deepEqual(answer, first)
  const kinds: string[] = []
  for await (const { event } of world.ledger.entries()) kinds.push(event.kind)
  assert.deepEqual(kinds, ['ledger.begun', 'budget.reserved', 'release.sealed', 'release.published'])
})

test('a day whose raw records are about to go is closed without a release, for good, and says so', async () => {
  world = await open()
  const worker = await world.startWorker()
  await send(50)
  await world.settle(worker)
  world.clock.set('2026-11-24T00:01:00Z')
  await until(worker, () => worker.epochKeys.isClosed('day:2026-11-20'))
  const state = await world.ledger.state()
  assert.ok(state.isUnsealed('2026-11-20'))
  assert.equal(state.release('2026-11-20', 'usage'), undefined)
  const requests = new ReleaseRequests({ ...world.engines, ...world, nudge: () => worker.maintain() })
  assert.equal((await requests.ask('2026-11-20')).state, 'refused')
})

test('with a ledger that cannot be trusted nothing is released, and keys still go at their deadline', async () => {
  world = await open()
  const worker = await world.startWorker()
  await send(300)
  await world.settle(worker)
  await world.engines.warehouse.command("ALTER TABLE ledger UPDATE event = '{}' WHERE seq = 0")
  await world.engines.keyValue.put(headKey, encodeHead({ seq: 7, hash: 'f'.repeat(64) }, []))
  world.clock.set('2026-11-22T06:02:00Z')
  await worker.maintain().catch(() => undefined)
  const [stored] = await world.rows<{ rows: string }>('SELECT count() AS rows FROM releases')
  assert.equal(stored?.rows, '0')
  world.clock.set('2026-11-24T00:10:00Z')
  await until(worker, () => worker.epochKeys.isClosed('day:2026-11-20'))
})
