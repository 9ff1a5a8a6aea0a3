import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { dueEpochs } from '../../../services/worker/close-epochs.ts'
import { EpochKeys } from '../../../shared/epoch-keys.ts'
import { addressUnit } from '../../../shared/event.ts'
import { WarehouseUnavailableError } from '../../../shared/warehouse/port.ts'
import { dayMs, hourMs } from '../../../shared/window.ts'
import { openInstallation, recordOf, type TestInstallation } from '../../fixtures/installation.ts'
import { filesHolding } from '../../fixtures/live-folder.ts'
import { until } from '../../fixtures/until.ts'

let world: TestInstallation
beforeEach(async () => {
  world = await openInstallation()
})
afterEach(() => world.close())

const eventsOf = (where: string) =>
  `SELECT toInt64(sum(events)) AS events, toInt64(uniqCombined64Merge(17)(state)) AS devices FROM cells WHERE ${where}`
const usageDay = "dataset = 'usage' AND grain = 'day' AND stage = 'open'"

test('events become cells in every grain, and each device counts once', async () => {
  const worker = await world.startWorker()
  await world.append([
    recordOf({ at: world.clock, device: 'x', events: 3 }),
    recordOf({ at: world.clock, device: 'y', events: 2 }),
  ])
  await world.settle(worker)
  for (const grain of ['minute', 'hour', 'day', 'week', 'month']) {
    const [row] = await world.rows(eventsOf(`dataset = 'usage' AND grain = '${grain}'`))
    assert.deepEqual(row, { events: '5', devices: '2' }, grain)
  }
})

test('the same id of the same unit counts once: in one record, in two, and after a restart', async () => {
  const worker = await world.startWorker()
  const record = recordOf({ at: world.clock, ids: ['one', 'one', 'two'] })
  await world.append([record])
  await world.append([record])
  await world.settle(worker)
  await worker.drain()
  await world.append([record])
  await world.settle(await world.startWorker())
  assert.deepEqual(await world.rows(eventsOf(usageDay)), [{ events: '2', devices: '1' }])
})

test('the same id of another unit is another event', async () => {
  const worker = await world.startWorker()
  await world.append([
    recordOf({ at: world.clock, ids: ['same'] }),
    recordOf({ at: world.clock, ids: ['same'], device: 'other' }),
  ])
  await world.settle(worker)
  assert.deepEqual(await world.rows(eventsOf(usageDay)), [{ events: '2', devices: '2' }])
})

test('an id is remembered for 24 h 5 min after it was appended, as long as a retry can be in time, and then no longer', async () => {
  const worker = await world.startWorker()
  const send = (hours: number) => {
    world.clock.set(Date.parse('2026-11-20T12:00:00Z') + hours * hourMs)
    return world.append([recordOf({ at: world.clock, ids: ['again'] })]).then(() => world.settle(worker))
  }
  await send(0)
  await send(23.99)
  await send(24)
  await send(24.08)
  assert.equal((await world.rows(eventsOf("dataset = 'usage' AND grain = 'month'")))[0]?.events, '1')
  await send(24.09)
  assert.equal((await world.rows(eventsOf("dataset = 'usage' AND grain = 'month'")))[0]?.events, '2')
})

test('the same event sent again a day later is known or late, over one midnight and over two', async () => {
  const worker = await world.startWorker()
  for (const [device, first, again, aheadMinutes] of [
    ['at the edge', '2026-11-20T12:00:00Z', '2026-11-21T12:00:00Z', 0],
    ['two midnights', '2026-11-21T23:59:00Z', '2026-11-23T00:01:30Z', 4],
  ] as const) {
    const time = Date.parse(first) + aheadMinutes * 60_000
    for (const at of [first, again]) {
      world.clock.set(at)
      await world.append([recordOf({ at: world.clock, device, ids: ['once'], time })])
      await world.settle(worker)
    }
  }
  assert.equal((await world.rows(eventsOf("dataset = 'usage' AND grain = 'month'")))[0]?.events, '2')
})

test('every master of a cluster reports; each cluster counts once a slot', async () => {
  const worker = await world.startWorker()
  const report = (cluster: string) =>
    recordOf({
      at: world.clock,
      feature: 'report',
      fields: { nodes: 5000 },
      over: { unit: { kind: 'cluster', id: cluster } },
    })
  await world.append([report('c1'), report('c1'), report('c1'), report('c2')])
  await world.settle(worker)
  world.clock.advance(5 * 60_000)
  await world.append([report('c1')])
  await world.settle(worker)
  const [row] = await world.rows(
    "SELECT toInt64(sum(events)) AS events, toInt64(uniqCombined64Merge(17)(state)) AS devices, toInt64(sum(m_nodes_sum)) AS nodes, any(d_size) AS size FROM cells WHERE dataset = 'sizes' AND grain = 'day'",
  )
  // 5,000 nodes are clamped to the declared 1,000.
  assert.deepEqual(row, { events: '3', devices: '2', nodes: '3000', size: '100 or more' })
})

test('older than 24 hours at append is late; more than 5 minutes ahead is clamped and counted', async () => {
  const worker = await world.startWorker()
  const now = world.clock.now()
  await world.append([
    recordOf({ at: world.clock, device: 'late', time: now - dayMs - 1 }),
    recordOf({ at: world.clock, device: 'just in time', time: now - dayMs }),
    recordOf({ at: world.clock, device: 'ahead', time: now + 30 * dayMs }),
  ])
  await world.settle(worker)
  const days = await world.rows(
    `SELECT toString(toDate(window)) AS day, toInt64(sum(events)) AS events FROM cells WHERE ${usageDay} GROUP BY day ORDER BY day`,
  )
  assert.deepEqual(days, [
    { day: '2026-11-19', events: '1' },
    { day: '2026-11-20', events: '1' },
  ])
})

test('a sender without an identifier has a day pseudonym and none of week or month', async () => {
  const worker = await world.startWorker()
  await world.append([recordOf({ at: world.clock, over: { unit: addressUnit('192.0.2.1', 'agent/1') } })])
  await world.settle(worker)
  const rows = await world.rows(
    "SELECT grain, toInt64(sum(events)) AS events, toInt64(uniqCombined64Merge(17)(state)) AS devices FROM cells WHERE dataset = 'usage' AND grain IN ('day', 'week', 'month') GROUP BY grain ORDER BY grain",
  )
  assert.deepEqual(rows, [
    { grain: 'day', events: '1', devices: '1' },
    { grain: 'month', events: '1', devices: '0' },
    { grain: 'week', events: '1', devices: '0' },
  ])
})

test('pseudonyms of one device differ between datasets, days and weeks', async () => {
  const worker = await world.startWorker()
  await world.append([recordOf({ at: world.clock, feature: 'report', over: { unit: { kind: 'cluster', id: 'c' } } })])
  await world.settle(worker)
  const states = await world.rows<{ state: string }>(
    "SELECT hex(state) AS state FROM cells WHERE grain IN ('day', 'week', 'month') AND stage = 'open'",
  )
  assert.equal(states.length, 6)
  assert.equal(new Set(states.map(({ state }) => state)).size, 6)
})

test('a day closes 24 hours after its end: integers stay, states and key are gone from every file, and it never opens again', async () => {
  const worker = await world.startWorker()
  await world.append([
    recordOf({ at: world.clock, device: 'x', events: 3 }),
    recordOf({ at: world.clock, device: 'y', feature: 'b' }),
  ])
  await world.settle(worker)
  const secrets = path.join(world.dir, 'key-value', 'secrets')
  const key = await world.engines.keyValue.secrets.read('epoch/day:2026-11-20')
  assert.ok(key)
  assert.ok((await filesHolding(world.dir, key)).length > 0, 'control: the living key is found')

  world.clock.set('2026-11-21T23:59:50Z')
  await world.settle(worker)
  await worker.maintain()
  assert.ok(
    (await worker.keyTimes()).some(({ name }) => name === 'day:2026-11-20'),
    'not yet',
  )

  world.clock.set('2026-11-22T00:00:41Z')
  await world.settle(worker)
  await worker.maintain()
  assert.deepEqual(
    (await worker.keyTimes()).map(({ name }) => name),
    ['month:2026-11-01', 'week:2026-11-16'],
  )
  assert.deepEqual(await filesHolding(world.dir, key), [])
  assert.ok((await readdir(secrets)).length > 0)
  const final = await world.rows(
    "SELECT by, d_feature AS feature, toInt64(events) AS events, toInt64(devices) AS devices FROM cells FINAL WHERE dataset = 'usage' AND grain = 'day' AND stage = 'final' AND by IN ('', 'feature') ORDER BY by, feature",
  )
  assert.deepEqual(final, [
    { by: '', feature: '', events: '4', devices: '2' },
    { by: 'feature', feature: 'a', events: '3', devices: '1' },
    { by: 'feature', feature: 'b', events: '1', devices: '1' },
  ])
  const [open] = await world.rows(
    "SELECT toInt64(count()) AS cells FROM cells WHERE grain IN ('minute', 'hour', 'day') AND stage = 'open'",
  )
  assert.deepEqual(open, { cells: '0' })

  await worker.close('day:2026-11-20')
  await world.append([
    recordOf({ at: world.clock, over: { route: 'import-all' }, time: Date.parse('2026-11-20T12:00:00Z') }),
  ])
  await world.settle(worker)
  const [after] = await world.rows(
    "SELECT toInt64(sum(events)) AS events FROM cells WHERE dataset = 'usage' AND grain = 'month'",
  )
  assert.deepEqual(after, { events: '4' }, 'a closed day takes nothing more')
  assert.equal(
    await world.engines.keyValue.secrets.createOnce('epoch/day:2026-11-20', () => Buffer.from('again')),
    undefined,
  )
})

test('weeks and months close too, and their keys go', async () => {
  const worker = await world.startWorker()
  await world.append([recordOf({ at: world.clock })])
  await world.settle(worker)
  world.clock.set('2026-12-02T00:00:41Z')
  await world.settle(worker)
  await worker.maintain()
  assert.deepEqual(await worker.keyTimes(), [])
  const final = await world.rows(
    "SELECT grain, toInt64(sum(devices)) AS devices FROM cells WHERE dataset = 'usage' AND stage = 'final' AND by = '' AND grain IN ('week', 'month') GROUP BY grain ORDER BY grain",
  )
  assert.deepEqual(final, [
    { grain: 'month', devices: '1' },
    { grain: 'week', devices: '1' },
  ])
})

test('an imported day closes 24 hours after its last import', async () => {
  const worker = await world.startWorker()
  const line = (id: string) =>
    recordOf({
      at: world.clock,
      ids: [id],
      time: Date.parse('2015-05-17T10:00:00Z'),
      over: { route: 'import-all', unit: addressUnit('192.0.2.7', 'agent/2') },
    })
  const openDays = async () =>
    (await worker.keyTimes()).map(({ name }) => name).filter((name) => name.startsWith('day:2015'))
  await world.append([line('1')])
  await world.settle(worker)
  world.clock.advance(20 * hourMs)
  await world.append([line('1'), line('2')])
  await world.settle(worker)
  world.clock.advance(20 * hourMs)
  await world.settle(worker)
  await worker.maintain()
  assert.deepEqual(await openDays(), ['day:2015-05-17'])
  await world.append([line('1')])
  await world.settle(worker)
  assert.deepEqual(worker.importTally, { counted: 2, duplicate: 2, late: 0, bot: 0 })
  world.clock.advance(24 * hourMs + 41_000)
  await world.settle(worker)
  await worker.maintain()
  assert.deepEqual(await openDays(), [])
  await world.append([line('1'), line('3')])
  await world.settle(worker)
  assert.deepEqual(worker.importTally, { counted: 2, duplicate: 2, late: 2, bot: 0 })
})

test('a day that is being imported is not taken for one that is over in the moment its key is made', async () => {
  const { keyValue } = world.engines
  const wrong: string[] = []
  let made = 0
  const createOnce: typeof keyValue.secrets.createOnce = async (name, make) => {
    const key = await keyValue.secrets.createOnce(name, make)
    if (!name.startsWith('epoch/')) return key
    made++
    const due = await dueEpochs(
      { epochKeys: new EpochKeys(keyValue.secrets), keyValue, clock: world.clock },
      world.clock.now(),
    )
    wrong.push(...due.map((one) => one.name))
    return key
  }
  const secrets = new Proxy(keyValue.secrets, {
    get: (target, name) => (name === 'createOnce' ? createOnce : bound(target, name)),
  })
  const watched = new Proxy(keyValue, { get: (target, name) => (name === 'secrets' ? secrets : bound(target, name)) })
  const worker = await world.startWorker({ keyValue: watched })
  const over = { route: 'import-all', unit: addressUnit('192.0.2.7', 'agent/2') } as const
  await world.append([recordOf({ at: world.clock, ids: ['1'], time: Date.parse('2015-05-17T10:00:00Z'), over })])
  await world.settle(worker)
  assert.ok(made >= 3)
  assert.deepEqual(wrong, [])
})

test('at the raw-retention deadline a key goes even when the worker is far behind', async () => {
  const worker = await world.startWorker()
  await world.append([recordOf({ at: world.clock })])
  await world.settle(worker)
  await worker.drain()
  // Nobody has told how far the partitions are since: the watermark is unknown.
  world.clock.set('2026-11-24T00:00:00Z')
  const log = new Proxy(world.engines.log, {
    get: (target, name) => (name === 'subscribe' ? async () => undefined : bound(target, name)),
  })
  const idle = await world.startWorker({ log })
  await idle.maintain()
  // The partition's worker is asked to stop using it first, but not for ever.
  world.clock.advance(5 * 60_000)
  await idle.maintain()
  assert.deepEqual(
    (await idle.keyTimes()).map(({ name }) => name),
    ['month:2026-11-01', 'week:2026-11-16'],
  )
})

test('minute cells go after 48 hours, hour cells after 90 days, day cells stay', async () => {
  const worker = await world.startWorker()
  await world.append([recordOf({ at: world.clock })])
  await world.settle(worker)
  const kept = async (at: string) => {
    world.clock.set(at)
    await world.settle(worker)
    await worker.maintain()
    return (
      await world.rows<{ grain: string }>("SELECT DISTINCT grain FROM cells WHERE dataset = 'usage' ORDER BY grain")
    ).map(({ grain }) => grain)
  }
  assert.deepEqual(await kept('2026-11-22T11:51:00Z'), ['day', 'hour', 'minute', 'month', 'week'])
  assert.deepEqual(await kept('2026-11-22T12:12:00Z'), ['day', 'hour', 'month', 'week'])
  assert.deepEqual(await kept('2027-02-18T11:59:00Z'), ['day', 'hour', 'month', 'week'])
  assert.deepEqual(await kept('2027-02-18T13:01:00Z'), ['day', 'month', 'week'])
})

test('a rule takes its cap of values a day; later ones are (other), also when the batch is run again', async () => {
  const worker = await world.startWorker()
  const versions = ['1.1', '1.2', '1.3', '1.4', '1.5', '1.1', 'free text', "'; DROP TABLE cells; --"]
  await world.append(versions.map((version) => recordOf({ at: world.clock, fields: { version } })))
  await world.settle(worker)
  const rows = await world.rows(
    `SELECT d_version AS version, toInt64(sum(events)) AS events FROM cells WHERE ${usageDay} GROUP BY version ORDER BY version`,
  )
  assert.deepEqual(rows, [
    { version: '(other)', events: '4' },
    { version: '1.1', events: '2' },
    { version: '1.2', events: '1' },
    { version: '1.3', events: '1' },
  ])
})

test('while the warehouse is away the worker waits, and then counts everything once', async () => {
  const { warehouse } = world.engines
  let away = true
  let tried = 0
  const insert: typeof warehouse.insert = async (block) => {
    tried++
    // The first one arrives, though nobody hears of it.
    if (tried === 1) await warehouse.insert(block)
    if (away) throw new WarehouseUnavailableError('the test has taken it away')
    await warehouse.insert(block)
  }
  const select: typeof warehouse.select = async (sql, params) => {
    if (away && tried > 0) throw new WarehouseUnavailableError('the test has taken it away')
    return warehouse.select(sql, params)
  }
  const flaky = new Proxy(warehouse, {
    get: (target, name) => (name === 'insert' ? insert : name === 'select' ? select : bound(target, name)),
  })
  const worker = await world.startWorker({ warehouse: flaky })
  await world.append([recordOf({ at: world.clock, device: 'x', events: 3 })])
  await until(() => tried === 1)
  await world.append([recordOf({ at: world.clock, device: 'y', events: 2 })])
  away = false
  await world.settle(worker)
  assert.deepEqual(await world.rows(eventsOf(usageDay)), [{ events: '5', devices: '2' }])
})

test('what cannot be read is quarantined by reason and shape, without a value', async () => {
  const worker = await world.startWorker()
  const shapes = [
    ['a', { version: 'secret' }],
    ['b', { secret: {} }],
  ]
  const broken = [1, 0, 'node', '192.0.2.9', 'ua', 'device', 'd', shapes, ['id', 'id2'], ['not a time', 5], [0, 1]]
  await world.engines.log.append([
    { partition: 0, value: Buffer.from('secret@example.org is no record') },
    { partition: 0, value: Buffer.from(JSON.stringify(broken)) },
  ])
  await world.append([recordOf({ at: world.clock })])
  await world.settle(worker)
  const entries: string[] = []
  for await (const [key, value] of world.engines.keyValue.scan('quarantine/')) entries.push(`${key} ${value}`)
  assert.equal(entries.length, 3)
  assert.ok(entries.some((entry) => entry.includes('undecodable') && entry.includes('bytes(31)')))
  assert.ok(entries.every((entry) => !/secret|not a time|192\.0/.test(entry)))
  assert.deepEqual(await world.rows(eventsOf(usageDay)), [{ events: '1', devices: '1' }])
})

function bound<T extends object>(target: T, name: string | symbol): unknown {
  const value = Reflect.get(target, name)
  return typeof value === 'function' ? value.bind(target) : value
}
