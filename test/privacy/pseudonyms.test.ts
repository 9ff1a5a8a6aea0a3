/**
 * What a pseudonym is worth to who has the disk: with its key a list of all addresses finds the sender, without it
 * nothing does, not even with unique states that were copied while they lived.
 */
import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { UnitPseudonyms } from '../../services/worker/pseudonymise.ts'
import { addressUnit, type Unit } from '../../shared/event.ts'
import { KeyedHash } from '../../shared/keyed-hash.ts'
import { dayMs } from '../../shared/window.ts'
import { openInstallation, recordOf, type TestInstallation } from '../fixtures/installation.ts'

let world: TestInstallation
beforeEach(async () => {
  world = await openInstallation()
})
afterEach(() => world.close())

const userAgent = 'agent/1.0'
const network = '203.0'
const addresses = ['203.0.1.255', '203.0.113.9', '203.0.200.77']
const senders = addresses.map((ip) => addressUnit(ip, userAgent))
/** Everybody who could have sent it: a list of 65,536 addresses is made in no time. */
const everyUnit = Array.from({ length: 2 ** 16 }, (_, n) => addressUnit(`${network}.${n >> 8}.${n & 255}`, userAgent))
const numbersPerQuery = 4096

/** The stored states of cells of one device of that dataset and grain, in hex, each once. */
async function storedStates(dataset: string, grain: string, where = '1'): Promise<string[]> {
  const rows = await world.rows<{ stored: string }>(
    `SELECT DISTINCT hex(state) AS stored FROM cells WHERE stage = 'open' AND dataset = '${dataset}' AND grain = '${grain}' AND finalizeAggregation(state) = 1 AND ${where} ORDER BY stored`,
  )
  return rows.map(({ stored }) => stored)
}

/** The units whose pseudonym under that key has one of the states: hashes the whole list, as an attacker would. */
async function attack(key: Uint8Array, units: readonly Unit[], states: readonly string[]): Promise<string[]> {
  const keyed = new KeyedHash(key)
  const keys = { day: keyed, week: keyed, month: keyed }
  const numbers = units.map((unit) => Number(new UnitPseudonyms(unit, keys).inDataset('usage', 'day')))
  const found: string[] = []
  for (let at = 0; at < numbers.length; at += numbersPerQuery) {
    const rows = await world.engines.warehouse.select<{ place: number }>(
      `SELECT place FROM (SELECT arrayJoin(arrayEnumerate({numbers:Array(UInt64)})) AS place)
WHERE has({states:Array(String)}, hex(arrayReduce('uniqCombined64State(17)', [{numbers:Array(UInt64)}[place]])))`,
      { numbers: numbers.slice(at, at + numbersPerQuery), states },
    )
    for (const { place } of rows) found.push(units[at + Number(place) - 1]?.id ?? '')
  }
  return found.sort()
}

async function sendFromEach(ips: readonly string[]): Promise<void> {
  // A minute each, so that each has a cell of its own.
  for (const ip of ips) {
    await world.append([fromAddress(ip)])
    world.clock.advance(60_000)
  }
}

function fromAddress(ip: string) {
  return recordOf({ at: world.clock, over: { ip, userAgent, unit: addressUnit(ip, userAgent) } })
}

test('with its key a pseudonym is undone by a list of addresses; with the key destroyed by nothing on the disk', async () => {
  const worker = await world.startWorker()
  await sendFromEach(addresses)
  await world.settle(worker)
  const states = await storedStates('usage', 'minute')
  assert.equal(states.length, senders.length)
  const key = await world.engines.keyValue.secrets.read('epoch/day:2026-11-20')
  assert.ok(key, 'the key lives')
  assert.deepEqual(await attack(key, everyUnit, states), senders.map(({ id }) => id).sort(), 'control: all are found')

  world.clock.set('2026-11-22T00:05:00Z')
  await world.settle(worker)
  await worker.maintain()
  assert.deepEqual(await storedStates('usage', 'minute'), [], 'no state is left to attack')
  // The attacker copied the states while they lived, and now reads everything that could be a key.
  const { secrets } = world.engines.keyValue
  const left = await Promise.all((await secrets.list()).map(({ name }) => secrets.read(name)))
  assert.ok(left.length >= 2, 'keys of the week and the month still live')
  for (const other of [Buffer.alloc(0), Buffer.alloc(32), ...left])
    assert.deepEqual(await attack(other ?? Buffer.alloc(0), everyUnit, states), [])
  // Any 32 bytes could be one. Trying them on the one right address is what settles it: no other could be found.
  const [right] = senders
  assert.ok(right, 'there is a sender')
  const stateSet = new Set(states)
  const candidates = await keysOnDisk()
  assert.ok(candidates.length > 1000, `only ${candidates.length} candidates`)
  const numbers = candidates.map((candidate) => dayPseudonym(right, candidate))
  const hits = await world.rows<{ stored: string }>(
    `SELECT hex(arrayReduce('uniqCombined64State(17)', [toUInt64(${dayPseudonym(right, key)})])) AS stored`,
  )
  assert.ok(stateSet.has(hits[0]?.stored ?? ''), 'control: the destroyed key would do')
  assert.ok(!numbers.includes(dayPseudonym(right, key)), 'something on the disk is as good as the key')
})

function dayPseudonym(unit: Unit, key: Uint8Array): string {
  const keyed = new KeyedHash(key)
  return new UnitPseudonyms(unit, { day: keyed, week: keyed, month: keyed }).inDataset('usage', 'day') ?? ''
}

/** Every 32 bytes in the files of the key-value store, secrets and values, that are not mostly zeros. */
async function keysOnDisk(): Promise<Buffer[]> {
  const dir = path.join(world.dir, 'key-value')
  const candidates: Buffer[] = []
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const bytes = await readFile(path.join(entry.parentPath, entry.name))
    for (let at = 0; at + 32 <= bytes.length; at++) {
      const candidate = bytes.subarray(at, at + 32)
      if (new Set(candidate).size >= 16) candidates.push(candidate)
    }
  }
  return candidates
}

test('one sender has another pseudonym in every dataset and every epoch', async () => {
  const worker = await world.startWorker()
  const unit: Unit = { kind: 'cluster', id: 'cluster-1' }
  const windowsOf = new Map<string, Set<string>>()
  // The next day, then another ISO week, then another month. What has closed meanwhile was looked at while it was open.
  for (const day of ['2026-11-20', '2026-11-21', '2026-11-23', '2026-12-01']) {
    world.clock.set(`${day}T12:00:00Z`)
    await world.append([recordOf({ at: world.clock, feature: 'report', over: { unit } })])
    await world.settle(worker)
    const rows = await world.rows<{ stored: string; place: string }>(
      "SELECT hex(state) AS stored, concat(dataset, ' ', grain, ' ', toString(window)) AS place FROM cells WHERE stage = 'open' AND grain IN ('day', 'week', 'month')",
    )
    for (const { stored, place } of rows) windowsOf.set(stored, (windowsOf.get(stored) ?? new Set()).add(place))
  }
  // Two datasets: four days, three weeks, two months.
  assert.equal(windowsOf.size, 18)
  const shared = [...windowsOf.values()].filter(({ size }) => size > 1).map((places) => [...places])
  assert.deepEqual(shared, [])
})

test('within a day a sender has one pseudonym in minute, hour and day: it counts once, and no longer than a day', async () => {
  const worker = await world.startWorker()
  await world.append([recordOf({ at: world.clock })])
  await world.settle(worker)
  const [minute, hour, day] = await Promise.all(['minute', 'hour', 'day'].map((one) => storedStates('usage', one)))
  assert.deepEqual(minute, day)
  assert.deepEqual(hour, day)
})

test('two days of a sender without an identifier share no pseudonym in any grain', async () => {
  const worker = await world.startWorker()
  const device: Unit = { kind: 'device', id: 'device-1' }
  const send = () =>
    world.append([fromAddress('203.0.113.9'), recordOf({ at: world.clock, feature: 'b', over: { unit: device } })])
  await send()
  await world.settle(worker)
  world.clock.advance(dayMs)
  await send()
  await world.settle(worker)
  const shared = async (feature: string) => {
    const common: string[] = []
    for (const grain of ['minute', 'hour', 'day', 'week', 'month']) {
      const of = (day: string) => storedStates('usage', grain, `d_feature = '${feature}' AND toDate(window) = '${day}'`)
      const [first, second] = [await of('2026-11-20'), await of('2026-11-21')]
      if (grain === 'minute') assert.deepEqual([first.length, second.length], [1, 1])
      common.push(...first.filter((state) => second.includes(state)))
      // Both days meet in one window here: what is in it would link them.
      if (grain === 'week' || grain === 'month')
        common.push(...(await storedStates('usage', grain, `d_feature = '${feature}'`)))
    }
    return common
  }
  assert.deepEqual(await shared('a'), [])
  assert.equal((await shared('b')).length, 2, 'control: a device is linked within its week and its month')
})
