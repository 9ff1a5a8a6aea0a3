import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { announceClosing, closings } from '../../../services/worker/closing.ts'
import { allProgress, tellProgress } from '../../../services/worker/shared-progress.ts'
import { sharedLease } from '../../../shared/lease.ts'
import { openInstallation, recordOf, type TestInstallation } from '../../fixtures/installation.ts'

let world: TestInstallation
beforeEach(async () => {
  world = await openInstallation()
})
afterEach(() => world.close())

const sealed = () =>
  world.rows("SELECT toInt64(count()) AS marks FROM cells WHERE dataset = '_final' AND grain = 'day' AND by = 'usage'")
const day = 'day:2026-11-20'

test('a lease has one holder; who is silent for longer than it lasts loses it, who gives it up at once', async () => {
  const { clock, engines } = world
  const [one, two] = [1, 2].map(() => sharedLease(engines.keyValue, 'upkeep', 30_000, clock)) as [
    ReturnType<typeof sharedLease>,
    ReturnType<typeof sharedLease>,
  ]
  assert.deepEqual([await one.hold(), await two.hold()], [true, false])
  clock.advance(20_000)
  assert.deepEqual([await one.hold(), await two.hold()], [true, false])
  clock.advance(30_000)
  assert.deepEqual([await two.hold(), await one.hold()], [true, false])
  await two.release()
  assert.deepEqual([await one.hold(), await two.hold()], [true, false])
})

test('of many that ask at the same time one gets the lease', async () => {
  const { clock, engines } = world
  const leases = Array.from({ length: 20 }, () => sharedLease(engines.keyValue, 'upkeep', 30_000, clock))
  for (let round = 0; round < 5; round++) {
    const held = await Promise.all(leases.map((lease) => lease.hold()))
    assert.equal(held.filter(Boolean).length, 1)
    clock.advance(30_000)
  }
})

test('who has been replaced does not speak for a partition any more', async () => {
  const { keyValue } = world.engines
  const told = {
    ...{ logId: 'log', partition: 0, position: 5, lag: 0, freshTo: 1, watermark: 1, heeded: [] },
    tally: { counted: 0, duplicate: 0, late: 0, bot: 0 },
  }
  assert.equal(await tellProgress(keyValue, { ...told, epoch: 2 }), true)
  assert.equal(await tellProgress(keyValue, { ...told, epoch: 1, heeded: [day] }), false)
  assert.deepEqual(await allProgress(keyValue, 'log'), [{ ...told, epoch: 2 }])
  // Positions and epochs of another log mean nothing here.
  assert.equal(await tellProgress(keyValue, { ...told, logId: 'new', epoch: 1 }), true)
  assert.deepEqual(await allProgress(keyValue, 'log'), [])
})

test('an epoch closes only once the worker of every partition has stopped using its key', async () => {
  const { keyValue, log } = world.engines
  const worker = await world.startWorker()
  await world.append([recordOf({ at: world.clock })])
  await world.settle(worker)
  await worker.maintain()
  // The other partition's worker is elsewhere, and has not heard of it yet.
  const [elsewhere] = (await allProgress(keyValue, log.logId)).filter(({ partition }) => partition === 1)
  assert.ok(elsewhere)
  const later = { ...elsewhere, epoch: elsewhere.epoch + 1 }
  await tellProgress(keyValue, later)
  await announceClosing(keyValue, { name: day, overdue: false }, world.clock.now())
  for (let round = 0; round < 3; round++) await worker.maintain()
  assert.deepEqual(await sealed(), [{ marks: '0' }])
  assert.equal(await worker.epochKeys.isClosed(day), false)
  // What this worker counts from now on is late already: it has agreed, and cannot take it back.
  await world.append([recordOf({ at: world.clock, device: 'late' })])
  await world.settle(worker)
  await tellProgress(keyValue, { ...later, heeded: [day] })
  await worker.maintain()
  assert.deepEqual(await sealed(), [{ marks: '1' }])
  assert.equal(await worker.epochKeys.isClosed(day), true)
  assert.deepEqual(await closings(keyValue), [])
  assert.deepEqual(
    await world.rows(
      "SELECT toInt64(events) AS events FROM cells WHERE dataset = 'usage' AND grain = 'day' AND stage = 'final' AND by = ''",
    ),
    [{ events: '1' }],
  )
})

test('a worker that starts while an epoch is being closed does not use its key', async () => {
  const { keyValue } = world.engines
  await announceClosing(keyValue, { name: day, overdue: false }, world.clock.now())
  const worker = await world.startWorker()
  await world.append([recordOf({ at: world.clock })])
  await world.settle(worker)
  assert.deepEqual(await world.rows("SELECT toInt64(sum(events)) AS events FROM cells WHERE dataset = 'usage'"), [
    { events: '0' },
  ])
  assert.equal(await keyValue.secrets.read(`epoch/${day}`), undefined)
})

test('windows that two processes make final, one after a long stop, count once', async () => {
  const { warehouse } = world.engines
  const worker = await world.startWorker()
  await world.append([recordOf({ at: world.clock, events: 3 })])
  await world.settle(worker)
  await worker.drain()
  // The second one has read the open rows, and is stopped before it inserts.
  let go: () => void = () => undefined
  const stopped = new Promise<void>((resolve) => {
    go = resolve
  })
  let reached: () => void = () => undefined
  const atInsert = new Promise<void>((resolve) => {
    reached = resolve
  })
  const slow = new Proxy(warehouse, {
    get: (target, name) => {
      const value = Reflect.get(target, name) as unknown
      if (name !== 'insert') return typeof value === 'function' ? value.bind(target) : value
      return async (block: Parameters<typeof warehouse.insert>[0]) => {
        reached()
        await stopped
        return warehouse.insert(block)
      }
    },
  })
  const zombie = await world.startWorker({ warehouse: slow })
  await world.settle(zombie)
  const zombieCloses = zombie.close(day)
  await atInsert
  const next = await world.startWorker()
  await world.settle(next)
  await next.close(day)
  go()
  await zombieCloses
  const totals = () =>
    world.rows(
      "SELECT grain, toInt64(sum(events)) AS events FROM cells WHERE dataset = 'usage' AND stage = 'final' AND by = '' GROUP BY grain ORDER BY grain",
    )
  assert.deepEqual(await totals(), [
    { grain: 'day', events: '3' },
    { grain: 'hour', events: '3' },
    { grain: 'minute', events: '3' },
  ])
})
