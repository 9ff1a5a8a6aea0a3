import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import type { ChoiceBook } from '../../../shared/choices/choice-book.ts'
import { ChoiceLogUnavailableError } from '../../../shared/choices/port.ts'
import { encodeRecord } from '../../../shared/event.ts'
import type { Warehouse } from '../../../shared/warehouse/port.ts'
import { overriding } from '../../crash/overriding.ts'
import { MemoryEventLog } from '../../doubles/memory-event-log.ts'
import { openInstallation, recordOf, type TestInstallation } from '../../fixtures/installation.ts'
import { until } from '../../fixtures/until.ts'

let world: TestInstallation
beforeEach(async () => {
  world = await openInstallation()
})
afterEach(() => world.close())

const delivered = async () =>
  (
    await world.rows<{ events: string; devices: string }>(
      `SELECT toInt64(sum(events)) AS events, toInt64(uniqCombined64Merge(17)(state)) AS devices
       FROM cells WHERE dataset = 'usage' AND grain = 'day' AND stage = 'open'`,
    )
  )[0]

const deletionOf = (device: string) =>
  world.choices.log.append({
    ...{ subject: world.choices.subjectOf('device', device), act: 'deletion', by: 'owner', policy: '1' },
  })

async function twoDevices(): Promise<void> {
  await world.append([
    recordOf({ at: world.clock, device: 'gone', events: 5 }),
    recordOf({ at: world.clock, device: 'stays', events: 3 }),
  ])
}

/** The warehouse with another insert. */
const inserting = (insert: (warehouse: Warehouse, block: Parameters<Warehouse['insert']>[0]) => Promise<void>) => {
  const { warehouse } = world.engines
  return overriding(warehouse, { insert: (block) => insert(warehouse, block) })
}

/** The book with another catchUp. */
const catchingUp = (catchUp: () => Promise<void>): ChoiceBook => ({
  ...world.choices,
  log: overriding(world.choices.log, { catchUp }),
})

async function blobs(): Promise<string[]> {
  const keys: string[] = []
  for await (const [key, value] of world.engines.keyValue.scan('ids/'))
    if (key.includes('/live/')) keys.push(`${key.split('/').at(-1)} ${value.length / 32}`)
  return keys
}

test('an insert fails, somebody is deleted, it is tried again: without them', async () => {
  await twoDevices()
  let tries = 0
  const warehouse = inserting(async (whole, block) => {
    if (++tries === 1) {
      await deletionOf('gone')
      throw new Error('the connection is reset')
    }
    return whole.insert(block)
  })
  await world.settle(await world.startWorker({ warehouse }))
  assert.deepEqual(await delivered(), { events: '3', devices: '1' })
  assert.equal(tries, 2)
})

test('an insert fails though it arrived, somebody is deleted: what was counted before stays, once', async () => {
  await twoDevices()
  const warehouse = inserting(async (whole, block) => {
    await whole.insert(block)
    await deletionOf('gone')
    throw new Error('the answer is lost')
  })
  await world.settle(await world.startWorker({ warehouse }))
  assert.deepEqual(await delivered(), { events: '8', devices: '2' })
})

test('while the choices cannot be read a batch waits as for any store, and is counted once when they can', async () => {
  await twoDevices()
  let isAway = true
  let asked = 0
  const choices = catchingUp(async () => {
    asked++
    if (isAway) throw new ChoiceLogUnavailableError('away')
  })
  const worker = await world.startWorker({ choices })
  await until(() => asked > 1)
  assert.deepEqual(await delivered(), { events: '0', devices: '0' })
  await deletionOf('gone')
  isAway = false
  await world.settle(worker)
  assert.deepEqual(world.fatal, [])
  assert.deepEqual(await delivered(), { events: '3', devices: '1' })
})

test('a batch that is run again leaves no id of those who are out, and is in the metrics once', async () => {
  await world.append([recordOf({ at: world.clock, device: 'gone', events: 5 })])
  let chosen: Promise<unknown> | undefined
  const saved: string[][] = []
  const choices = catchingUp(async () => {
    if (!chosen) saved.push(await blobs())
    chosen ??= deletionOf('gone')
    await chosen
  })
  await world.settle(await world.startWorker({ choices }))
  assert.deepEqual(saved, [['0000000000000000 5']], 'the first run had left its ids')
  assert.deepEqual(await blobs(), [])
  const text = await world.metrics.registry.metrics()
  assert.match(text, /reason="deleted",intended="true"\} 5$/m)
  assert.match(text, /^headcount_events_counted_total 0$/m)
})

test('many choose one after the other while their batch waits: each turn has one less, and it ends', async () => {
  const devices = Array.from({ length: 40 }, (_, number) => `device-${number}`)
  await world.append(devices.map((device) => recordOf({ at: world.clock, device })))
  const left = devices.slice(0, 30)
  let looks = 0
  const choices = catchingUp(async () => {
    looks++
    const next = left.shift()
    if (next !== undefined) await deletionOf(next)
  })
  await world.settle(await world.startWorker({ choices }))
  assert.deepEqual(await delivered(), { events: '10', devices: '10' })
  assert.ok(looks <= 32, `${looks} looks for 30 choices`)
})

test('a plan that is found stored keeps its ids, though their sender is deleted since: sent again it counts no second time', async () => {
  const ids = ['one', 'two']
  const sent = () => recordOf({ at: world.clock, device: 'gone', ids })
  await world.append([sent()])
  // Stored, and dead before the commit.
  let isCut = false
  const { warehouse } = world.engines
  const cut: Pick<Warehouse, 'insert' | 'select'> = {
    async insert(block) {
      await warehouse.insert(block)
      isCut = true
      throw new Error('the power is cut')
    },
    select: (sql, params) => (isCut ? Promise.reject(new Error('the power is cut')) : warehouse.select(sql, params)),
  }
  const first = await world.startWorker({ warehouse: overriding(warehouse, cut) })
  await until(() => world.fatal.length > 0)
  await first.drain()
  assert.deepEqual(await delivered(), { events: '2', devices: '1' })
  await deletionOf('gone')
  world.clock.advance(1000)
  for (let life = 0; life < 2; life++) await world.settle(await world.startWorker())
  assert.deepEqual(await blobs(), ['0000000000000000 2'])
  await world.engines.log.append([{ partition: 0, value: encodeRecord(sent()) }])
  await world.settle(await world.startWorker())
  assert.deepEqual(await delivered(), { events: '2', devices: '1' })
})

test('handed over while an insert is on its way, somebody is deleted: the next holder stores without them, and what arrives late adds nothing', async () => {
  const log = new MemoryEventLog(world.clock)
  const records = ['gone', 'stays'].map((device) => recordOf({ at: world.clock, device, events: 4 }))
  await log.append(records.map((record) => ({ partition: 0, value: encodeRecord(record) })))
  let letGo: () => void = () => undefined
  const onItsWay = new Promise<void>((resolve) => {
    letGo = resolve
  })
  let asked = 0
  const slow = inserting(async (whole, block) => {
    asked++
    await onItsWay
    return whole.insert(block)
  })
  const late = await world.startWorker({ log, warehouse: slow })
  await until(() => asked > 0)
  await deletionOf('gone')
  // A member of the group that has not heard of it yet: nobody waits for it.
  const next = await world.startWorker({ log })
  await until(() => next.progress().some(({ partition, position }) => partition === 0 && position === 2))
  assert.deepEqual(await delivered(), { events: '4', devices: '1' })
  letGo()
  await late.drain()
  assert.deepEqual(await delivered(), { events: '4', devices: '1' })
  await next.drain()
})
