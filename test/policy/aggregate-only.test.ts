/**
 * aggregate-only: "we only use this data in aggregate form". No table has a row for an event or for a device; what tells
 * devices apart is there while a window is open, and integers after.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Engines } from '../../services/headcount.ts'
import { until } from '../fixtures/until.ts'
import { unexpectedSchema } from '../privacy/scan-schema.ts'
import { rowsWithStates } from '../privacy/unique-states.ts'
import { WholeInstallation } from '../privacy/whole-installation.ts'

/** Every statement that is no SELECT, in order. */
const commands: string[] = []
const watchCommands = (engines: Engines): Engines => ({
  ...engines,
  warehouse: new Proxy(engines.warehouse, {
    get(target, name) {
      const value = Reflect.get(target, name) as unknown
      if (typeof value !== 'function') return value
      return (...given: unknown[]) => {
        if (name === 'command') commands.push(String(given[0]))
        return value.apply(target, given)
      }
    },
  }),
})

let world: WholeInstallation
let commandsAtStart: number
before(async () => {
  world = await WholeInstallation.start(watchCommands)
  commandsAtStart = commands.length
})
after(() => world.remove())

const warehouse = () => world.headcount.engines.warehouse
let sent = 0

/** Each device once, in the same minute. */
async function send(devices: number, feature: string): Promise<void> {
  const { collectorUrl, credentials } = world.headcount
  const time = new Date(world.clock.now()).toISOString()
  const events = Array.from({ length: devices }, () => ({ id: `e-${sent}`, device: `d-${sent++}`, time, feature }))
  const response = await fetch(`${collectorUrl}/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${credentials.writeKey}` },
    body: JSON.stringify({ events }),
  })
  assert.deepEqual(await response.json(), { accepted: devices, rejected: [] })
  await world.settle()
}

/** Rows once the engine has put together what it would put together in the background, and the events in them. */
async function cells(): Promise<{ rows: number; events: number }> {
  await warehouse().command('OPTIMIZE TABLE cells FINAL')
  const [row] = await warehouse().select<{ rows: string; events: string }>(
    `SELECT toString(count()) AS rows, toString(sumIf(events, grain = 'day')) AS events FROM cells
WHERE dataset = 'feature_usage' AND stage = 'open'`,
  )
  return { rows: Number(row?.rows), events: Number(row?.events) }
}

test('there is one table of cells with the declared columns, beside the ledger and the releases; a view for each dataset', async () => {
  assert.deepEqual(await unexpectedSchema(warehouse(), world.headcount.catalogue), [])
})

test('thirty times as many devices and events have no more rows; another feature has', async () => {
  await send(20, 'services')
  const few = await cells()
  assert.equal(few.events, 20)
  await send(580, 'services')
  const many = await cells()
  assert.deepEqual(many, { rows: few.rows, events: 600 })
  await send(1, 'jobs')
  assert.ok((await cells()).rows > few.rows, 'the control: rows do grow with cells')
})

test('while it runs it makes no table, nor when it starts again, and its connection for reading cannot', async () => {
  const made = commands.slice(commandsAtStart).filter((sql) => /^\s*(CREATE|RENAME|ATTACH)/i.test(sql))
  assert.deepEqual(made, [])
  assert.ok(
    commands.slice(0, commandsAtStart).some((sql) => sql.startsWith('CREATE TABLE IF NOT EXISTS cells')),
    'the control: statements are seen',
  )
  const reader = await warehouse().reader()
  await assert.rejects(reader.select('CREATE TABLE visits (device String) ENGINE = Memory'))
  await reader.close()
  const before = commands.length
  await world.restart()
  const atRestart = commands.slice(before)
  assert.ok(atRestart.length > 0)
  await world.settle()
  assert.deepEqual(
    atRestart.filter((sql) => /^\s*CREATE TABLE/i.test(sql)),
    [],
    'so on a server the right to make tables can be taken away once they are there',
  )
  assert.deepEqual(await unexpectedSchema(warehouse(), world.headcount.catalogue), [])
})

test('what tells devices apart is in open windows only; once they have closed there are integers', async () => {
  const closed = "grain IN ('minute', 'hour', 'day')"
  assert.notEqual(await rowsWithStates(warehouse(), closed), '0', 'the control: while they are open there are states')
  await world.passTo('2026-11-22T00:00:41Z')
  await until(async () => {
    await world.headcount.worker.maintain()
    return (await rowsWithStates(warehouse(), closed)) === '0'
  })
  const rows = await warehouse().select<{ d_feature: string; devices: string }>(
    `SELECT d_feature, toString(devices) AS devices FROM cells
WHERE dataset = 'feature_usage' AND grain = 'day' AND stage = 'final' AND by = 'feature' ORDER BY d_feature`,
  )
  assert.deepEqual(rows, [
    { d_feature: 'jobs', devices: '1' },
    { d_feature: 'services', devices: '600' },
  ])
})

test('the control: a table with a row for each event and a column for a device are told', async () => {
  await warehouse().command('CREATE TABLE visits (device String) ENGINE = MergeTree ORDER BY device')
  await warehouse().command('ALTER TABLE cells ADD COLUMN device String')
  assert.deepEqual(await unexpectedSchema(warehouse(), world.headcount.catalogue), [
    'MergeTree visits',
    'column device String of cells',
  ])
})
