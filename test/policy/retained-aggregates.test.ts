/**
 * retained-aggregates: "… we may … use … aggregated data derived from or incorporating your information after you … delete …,
 * but not in a manner that would identify you". The counts stay; no key, state or pseudonym does, so a list of everybody
 * who could have been counted finds nobody.
 */
import assert from 'node:assert/strict'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { UnitPseudonyms } from '../../services/worker/pseudonymise.ts'
import type { Worker } from '../../services/worker/worker.ts'
import type { Unit } from '../../shared/event.ts'
import { KeyedHash } from '../../shared/keyed-hash.ts'
import { type EpochKind, type EpochName, epochKinds, minuteMs } from '../../shared/window.ts'
import { openInstallation, recordOf, type TestInstallation } from '../fixtures/installation.ts'
import { until } from '../fixtures/until.ts'
import { byteNeedles, type Needle } from '../privacy/canary.ts'
import { NeedleSearch } from '../privacy/needle-search.ts'
import { type Finding, scanFiles, scanRows } from '../privacy/scan.ts'
import { lonelyDevices, pseudonymNeedles } from '../privacy/unique-states.ts'

/** Everybody who could have sent, of whom few did. */
const everybody = Array.from({ length: 3000 }, (_, number): Unit => ({ kind: 'device', id: `node-${number}` }))
const senders = everybody.filter((_, index) => index % 300 === 7)
const epochs: Readonly<Record<EpochKind, EpochName>> = {
  day: 'day:2026-11-20',
  week: 'week:2026-11-16',
  month: 'month:2026-11-01',
}
const total = `SELECT grain, toString(sum(events)) AS events, toString(max(devices)) AS devices FROM cells
WHERE dataset = 'usage' AND stage = 'final' AND by = '' AND grain IN ('day', 'week', 'month') GROUP BY grain ORDER BY grain`

let world: TestInstallation
let worker: Worker
const keys = new Map<EpochKind, Buffer>()
/** What an attacker copied while it lived: the states of cells of one device, in hex, by the kind of epoch. */
const copied = new Map<EpochKind, string[]>()
let needles: Needle[]
let alive: Finding[]
before(async () => {
  world = await openInstallation()
  worker = await world.startWorker()
  for (const { id } of senders) {
    // A minute each, so that each has a cell of its own in that grain.
    await world.append([recordOf({ at: world.clock, device: id, fields: { version: '1.0' } })])
    world.clock.advance(minuteMs)
  }
  await world.settle(worker)
  for (const kind of epochKinds) {
    const key = await world.engines.keyValue.secrets.read(`epoch/${epochs[kind]}`)
    assert.ok(key, `the key of the ${kind} lives`)
    keys.set(kind, key)
    copied.set(kind, await statesOf(kind))
  }
  needles = [
    ...[...keys].flatMap(([kind, key]) => byteNeedles(`the key of the ${kind}`, key)),
    ...Object.values(await lonelyDevices(world.engines.warehouse)).flat(),
    ...pseudonymNeedles(senders.flatMap((unit) => [...keys].map(([kind, key]) => pseudonymOf(unit, key, kind)))),
  ]
  alive = await findEverywhere()
  // One of them asks to be deleted. What was counted before stays counted.
  const { choices } = world
  await choices.log.append({
    ...{ subject: choices.subjectOf('device', senders[0]!.id), act: 'deletion', by: 'owner', policy: '1' },
  })
  world.clock.set('2026-12-02T00:10:00Z')
  await world.settle(worker)
  await until(async () => {
    await worker.maintain()
    const closed = await Promise.all(Object.values(epochs).map((name) => worker.epochKeys.isClosed(name)))
    return closed.every((one) => one)
  })
})
after(() => world.close())

/** Of the minute cells for the day, else the one cell of all: by 2^17 registers its devices are told apart. */
async function statesOf(kind: EpochKind): Promise<string[]> {
  const grain = kind === 'day' ? 'minute' : kind
  const rows = await world.rows<{ stored: string }>(
    `SELECT DISTINCT hex(state) AS stored FROM cells WHERE stage = 'open' AND dataset = 'usage' AND grain = '${grain}'`,
  )
  return rows.map(({ stored }) => stored)
}

function pseudonymOf(unit: Unit, key: Uint8Array, kind: EpochKind): string {
  const keyed = new KeyedHash(key)
  return new UnitPseudonyms(unit, { day: keyed, week: keyed, month: keyed }).inDataset('usage', kind) ?? ''
}

/** Who of everybody is in the copied states: a unit that is added to one and changes nothing is in it. */
async function dictionary(kind: EpochKind, key: Uint8Array): Promise<string[]> {
  const numbers = everybody.map((unit) => Number(pseudonymOf(unit, key, kind)))
  const found = await world.engines.warehouse.select<{ place: string }>(
    `SELECT DISTINCT toString(place) AS place FROM (
  SELECT arrayJoin(arrayEnumerate({numbers:Array(UInt64)})) AS place,
    arrayJoin({states:Array(String)}) AS stored, CAST(unhex(stored) AS AggregateFunction(uniqCombined64(17), UInt64)) AS state,
    arrayReduce('uniqCombined64State(17)', [{numbers:Array(UInt64)}[place]]) AS one
) WHERE finalizeAggregation(state + one) = finalizeAggregation(state)`,
    { numbers, states: copied.get(kind) ?? [] },
  )
  return found.map(({ place }) => everybody[Number(place) - 1]!.id).sort()
}

async function findEverywhere(): Promise<Finding[]> {
  const search = new NeedleSearch(needles)
  return [...(await scanRows(search, world.engines)), ...(await scanFiles(search, world.dir))]
}

const names = senders.map(({ id }) => id).sort()

test('the control: with its key, a list of everybody finds each sender in a copy of the states', async () => {
  for (const kind of epochKinds) assert.deepEqual(await dictionary(kind, keys.get(kind)!), names, kind)
})

test('the counts stay, of the one who was deleted too', async () => {
  assert.deepEqual(
    (await world.rows<{ events: string; devices: string }>(total)).map(({ events, devices }) => [events, devices]),
    Array.from({ length: 3 }, () => [String(senders.length), String(senders.length)]),
  )
})

test('the keys cannot be made again, and nothing that is kept is as good as one', async () => {
  const { secrets } = world.engines.keyValue
  for (const name of Object.values(epochs)) {
    assert.equal(await secrets.read(`epoch/${name}`), undefined)
    assert.equal(await secrets.createOnce(`epoch/${name}`, () => Buffer.alloc(32, 1)), undefined)
  }
  const left = await Promise.all((await secrets.list()).map(({ name }) => secrets.read(name)))
  for (const kind of epochKinds)
    for (const other of [Buffer.alloc(32), ...left]) {
      const found = await dictionary(kind, other ?? Buffer.alloc(0))
      assert.deepEqual(found, [], kind)
    }
  // Any 32 bytes could be one: it would give a known sender the pseudonym that it had.
  const right = new Map(epochKinds.map((kind) => [kind, pseudonymOf(senders[1]!, keys.get(kind)!, kind)]))
  const hits = async () =>
    (await candidates()).flatMap((candidate) =>
      epochKinds.filter((kind) => pseudonymOf(senders[1]!, candidate, kind) === right.get(kind)),
    )
  assert.deepEqual(await hits(), [])
  const planted = path.join(world.dir, 'key-value', 'planted')
  await writeFile(planted, keys.get('week')!)
  assert.deepEqual(await hits(), ['week'], 'control: a key that was left behind would have been tried')
  await rm(planted)
})

test('no key, state or pseudonym is left anywhere; while they lived they were found', async () => {
  const found = new Set(alive.flatMap(({ what }) => what))
  for (const kind of epochKinds) assert.ok(found.has(`the key of the ${kind}`), kind)
  assert.match(alive.map(({ where }) => where).join('\n'), /table default\.cells/)
  // The engine unlinks what it has rewritten some seconds later.
  let left = await findEverywhere()
  for (const deadline = Date.now() + 60_000; left.length > 0 && Date.now() < deadline; left = await findEverywhere())
    await sleep(200)
  assert.deepEqual(left, [])
})

/** Every 32 bytes in the key-value store's files that are not mostly the same. */
async function candidates(): Promise<Buffer[]> {
  const found: Buffer[] = []
  for (const entry of await readdir(path.join(world.dir, 'key-value'), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const bytes = await readFile(path.join(entry.parentPath, entry.name))
    for (let at = 0; at + 32 <= bytes.length; at++) {
      const candidate = bytes.subarray(at, at + 32)
      if (new Set(candidate).size >= 16) found.push(candidate)
    }
  }
  return found
}
