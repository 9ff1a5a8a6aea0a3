/** delete: "You may request deletion …" Raw records are cut out of everything that is yet to be counted or released. */
import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import type { ChoiceBook } from '../../shared/choices/choice-book.ts'
import type { ChoiceLog, Choices } from '../../shared/choices/port.ts'
import { hourMs } from '../../shared/window.ts'
import { openInstallation, recordOf, type TestInstallation } from '../fixtures/installation.ts'
import { until } from '../fixtures/until.ts'
import { WholeInstallation } from '../privacy/whole-installation.ts'

let closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
  closing = []
})

const usageDay = `SELECT toInt64(sum(events)) AS events, toInt64(uniqCombined64Merge(17)(state)) AS devices
FROM cells WHERE dataset = 'usage' AND grain = 'day' AND stage = 'open'`

async function installation(): Promise<TestInstallation> {
  const world = await openInstallation({ releases: true })
  closing.push(() => world.close())
  return world
}

const deletionOf = ({ choices }: TestInstallation, device: string) =>
  choices.log.append({ subject: choices.subjectOf('device', device), act: 'deletion', by: 'owner', policy: '1' })

/** A book in which somebody chooses at the very moment when the worker looks for the last time before it stores. */
function choosingLate(book: ChoiceBook, choose: () => Promise<unknown>, isHeeded: boolean): ChoiceBook {
  let chosen: Promise<unknown> | undefined
  const version = book.log.choices.version
  const choices = new Proxy(book.log.choices, {
    get(target, name) {
      if (name === 'version' && !isHeeded) return version
      const value = Reflect.get(target, name, target) as unknown
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  const log: ChoiceLog = {
    choices: choices as Choices,
    append: (choice) => book.log.append(choice),
    remove: (entries) => book.log.remove(entries),
    readiness: () => 'ok',
    close: async () => undefined,
    async catchUp() {
      chosen ??= choose()
      await chosen
    },
  }
  return { ...book, log }
}

for (const isHeeded of [true, false])
  test(
    isHeeded
      ? 'a deletion while the batch is already rolled up: the record is in no cell, and everybody else is'
      : 'the control: a worker that does not look again before it stores has counted it',
    async () => {
      const world = await installation()
      await world.append([
        recordOf({ at: world.clock, device: 'gone', events: 5 }),
        recordOf({ at: world.clock, device: 'stays', events: 3 }),
      ])
      const choices = choosingLate(world.choices, () => deletionOf(world, 'gone'), isHeeded)
      await world.settle(await world.startWorker({ choices }))
      const expected = isHeeded ? { events: '3', devices: '1' } : { events: '8', devices: '2' }
      assert.deepEqual(await world.rows(usageDay), [expected])
    },
  )

test('what is sent after a deletion is counted again, what was received before it is not, whenever it is read', async () => {
  const world = await installation()
  const early = recordOf({ at: world.clock, device: 'gone', events: 5 })
  world.clock.advance(1000)
  await deletionOf(world, 'gone')
  world.clock.advance(1000)
  // As from a spool: received before the deletion, appended after it.
  await world.append([early, recordOf({ at: world.clock, device: 'gone', events: 2 })])
  await world.settle(await world.startWorker())
  assert.deepEqual(await world.rows(usageDay), [{ events: '2', devices: '1' }])
})

test('a batch that was planned before a crash is finished without what was deleted meanwhile', async () => {
  const world = await installation()
  await world.append([recordOf({ at: world.clock, device: 'gone', events: 5 })])
  const broken = {
    insert: () => Promise.reject(new Error('the power is cut')),
  }
  const warehouse = new Proxy(world.engines.warehouse, {
    get: (target, name) => {
      if (name in broken) return broken[name as keyof typeof broken]
      const value = Reflect.get(target, name, target) as unknown
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  const first = await world.startWorker({ warehouse })
  await until(() => world.fatal.length > 0)
  await first.drain()
  await deletionOf(world, 'gone')
  await world.append([recordOf({ at: world.clock, device: 'stays', events: 3 })])
  world.clock.advance(1000)
  await world.settle(await world.startWorker())
  assert.deepEqual(await world.rows(usageDay), [{ events: '3', devices: '1' }])
})

test('the ledger has one entry for each deletion, without the identifier, and keeps it when the deletion is over', async () => {
  const world = await installation()
  const { id, subject } = await deletionOf(world, 'gone')
  const worker = await world.startWorker()
  await worker.maintain()
  await worker.maintain()
  const entries = async () => {
    const all = []
    for await (const { event } of world.ledger.entries()) if (event.kind === 'subject.deleted') all.push(event)
    return all
  }
  assert.deepEqual(await entries(), [{ kind: 'subject.deleted', deletion: id, by: 'owner' }])
  world.clock.advance(98 * hourMs)
  await worker.maintain()
  assert.equal(world.choices.log.choices.history(subject).length, 1)
  world.clock.advance(hourMs)
  await worker.maintain()
  assert.equal(world.choices.log.choices.history(subject).length, 0)
  assert.equal((await entries()).length, 1)
})

test('over HTTP: the cookie itself or an operator with a case may ask; the write key may not; the answer tells nothing', async () => {
  const world = await WholeInstallation.start()
  closing.push(() => world.remove())
  const { collectorUrl, credentials } = world.headcount
  const ask = (body: object, headers: Record<string, string>) =>
    fetch(`${collectorUrl}/v1/privacy/deletion`, { method: 'POST', headers, body: JSON.stringify(body) })
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
  assert.equal((await ask({ device: 'd' }, bearer(credentials.writeKey))).status, 403)
  assert.equal((await ask({ device: 'd' }, bearer(credentials.adminToken))).status, 400, 'without a case')
  assert.equal((await ask({ device: 'd', case: 'C-1' }, bearer(credentials.adminToken))).status, 202)
  assert.equal((await ask({}, {})).status, 400)
  const shapes = new Set<string>()
  for (const letter of ['a', 'b']) {
    const response = await ask({}, { cookie: `headcount=${letter.repeat(22)}` })
    shapes.add(`${response.status} ${Object.keys((await response.json()) as object).join()}`)
  }
  assert.deepEqual([...shapes], ['202 deletion,effectiveFrom,rawRecordsGoneBy'])
  await until(async () => (await world.headcount.ledger.state()).head.seq >= 3)
})
