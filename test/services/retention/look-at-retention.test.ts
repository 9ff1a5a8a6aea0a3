/** What is kept is looked at kind by kind; nothing is there that is of no kind. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { type KeptNow, overdueMs } from '../../../services/retention/kept-now.ts'
import { lookAtRetention } from '../../../services/retention/look-at-retention.ts'
import { readConfig } from '../../../shared/config.ts'
import { retentionTable } from '../../../shared/retention/table.ts'
import { hourMs } from '../../../shared/window.ts'
import { openInstallation, recordOf, type TestInstallation } from '../../fixtures/installation.ts'
import { until } from '../../fixtures/until.ts'

const kinds = retentionTable(readConfig({}))

function look({ engines, clock, choices }: TestInstallation): Promise<KeptNow[]> {
  return lookAtRetention({ ...engines, clock, choices: choices.log })
}

const of = (kept: readonly KeptNow[], kind: string) => {
  const found = kept.find((one) => one.kind === kind)
  assert.ok(found, `${kind} was not looked at`)
  return found
}

it('every kind is told with its number, its oldest and its end, which comes', async () => {
  const installation = await openInstallation({ releases: true })
  try {
    const { clock, append, engines } = installation
    const worker = await installation.startWorker()
    const begun = clock.now()
    await append([recordOf({ at: clock, events: 3 }), recordOf({ at: clock, device: 'device-2' })])
    await installation.settle(worker)
    const before = await look(installation)
    for (const { kind } of before)
      assert.ok(
        kinds.some(({ id }) => id === kind),
        kind,
      )
    const inStores = kinds.filter(({ places: { entries, secrets, tables } }) => entries ?? secrets ?? tables)
    for (const { id } of inStores) of(before, id)
    assert.deepEqual(of(before, 'raw-records').goesAt, begun + 72 * hourMs)
    assert.equal(of(before, 'raw-records').items, 2)
    assert.equal(of(before, 'epoch-keys-day').goesAt, Date.parse('2026-11-24T00:00:00Z'))
    assert.equal(of(before, 'epoch-keys-month').items, 1)
    assert.equal(of(before, 'event-ids').oldestAt, begun)
    assert.ok((of(before, 'open-states').items ?? 0) > 0)
    assert.equal(of(before, 'minute-cells').items, 0)
    // The worker is away: its upkeep does not come, and what is past its time shows.
    await worker.drain()
    clock.set(begun + 75 * hourMs)
    const unattended = await look(installation)
    assert.ok(overdueMs(of(unattended, 'raw-records'), clock.now()) > 0)
    const again = await installation.startWorker()
    await installation.settle(again)
    await until(async () => {
      await again.maintain()
      return (await again.keyTimes()).every(({ name }) => !name.startsWith('day:'))
    })
    await engines.keyValue.sweep()
    const after = await look(installation)
    assert.deepEqual(
      after.filter((one) => overdueMs(one, clock.now()) > 0),
      [],
    )
    assert.deepEqual(of(after, 'raw-records'), { kind: 'raw-records', items: 0, bytes: 0 })
    assert.equal(of(after, 'epoch-keys-day').items, 0)
  } finally {
    await installation.close()
  }
})

it('nothing is in the key-value store or in the tables that is of no kind', async () => {
  const installation = await openInstallation({ releases: true })
  try {
    const { engines, clock } = installation
    const worker = await installation.startWorker()
    await installation.append([
      recordOf({ at: clock }),
      recordOf({ at: clock, over: { unit: { kind: 'address', id: 'x' } } }),
    ])
    await installation.settle(worker)
    await worker.maintain()
    assert.deepEqual(await strangers(installation), [])
    // The control: what is planted in each is found.
    await engines.keyValue.put('visitors/192.0.2.1', Buffer.from('seen'))
    await engines.warehouse.command('CREATE TABLE visits (device String) ENGINE = MergeTree ORDER BY device')
    await engines.keyValue.secrets.createOnce('salt', () => Buffer.from('x'))
    assert.deepEqual(await strangers(installation), ['visitors/192.0.2.1', 'salt', 'visits'])
  } finally {
    await installation.close()
  }
})

async function strangers({ engines }: TestInstallation): Promise<string[]> {
  const known = (place: 'entries' | 'secrets' | 'tables', name: string) =>
    kinds.some(({ places }) => places[place]?.some((begin) => name.startsWith(begin)))
  const entries: string[] = []
  for await (const [key] of engines.keyValue.scan('')) if (!known('entries', key)) entries.push(key)
  const secrets = (await engines.keyValue.secrets.list()).map(({ name }) => name)
  const tables = await engines.warehouse.select<{ name: string }>(
    "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine != 'View'",
  )
  return [
    ...entries,
    ...secrets.filter((name) => !known('secrets', name)),
    ...tables.map(({ name }) => name).filter((name) => !known('tables', name)),
  ]
}
