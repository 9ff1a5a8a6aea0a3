/** legal-hold: "We may preserve or disclose your information if … necessary to comply with a law" By case, in the ledger. */
import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { placeHold } from '../../services/operator/holds.ts'
import { RemoteDesk } from '../../services/operator/remote-desk.ts'
import { overdueMs } from '../../services/retention/kept-now.ts'
import { lookAtRetention } from '../../services/retention/look-at-retention.ts'
import type { Ledger, LedgerEvent } from '../../shared/ledger/port.ts'
import { deletionMs } from '../../shared/retention/limits.ts'
import { dayMs, hourMs } from '../../shared/window.ts'
import { openInstallation, recordOf } from '../fixtures/installation.ts'
import { WholeInstallation } from '../privacy/whole-installation.ts'

let closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
  closing = []
})

/** A line whose counts by hour are past their 90 days on Sunday at ten. */
const oldLine = '192.0.2.7 - - [24/Aug/2026:10:00:00 +0000] "GET /a HTTP/1.1" 200 5 "-" "Mozilla/5.0 Firefox/128.0"'

const oldHour = "AND window < toDateTime('2026-09-01 00:00:00', 'UTC')"

/** One dataset has releases: days are sealed for them, which takes the most time here. */
const catalogueOfOne = fileURLToPath(new URL('../fixtures/access-log/catalogue-small-release.yaml', import.meta.url))

async function running() {
  const world = await WholeInstallation.start(undefined, { HEADCOUNT_CATALOGUE: catalogueOfOne })
  closing.push(() => world.remove())
  const { collectorUrl, credentials, engines, catalogue, ledger } = world.headcount
  const events = ['a', 'b', 'c'].map((device) => ({
    id: device,
    time: new Date(world.clock.now()).toISOString(),
    feature: catalogue.features[0]?.id,
    device,
  }))
  return {
    world,
    desk: new RemoteDesk(collectorUrl, credentials.adminToken),
    anotherDesk: new RemoteDesk(collectorUrl, credentials.writeKey),
    rawBytes: () => engines.log.bytes(),
    send: () =>
      fetch(`${collectorUrl}/v1/events`, {
        method: 'POST',
        headers: { authorization: `Bearer ${credentials.writeKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({ events }),
      }),
    /** Final counts of a grain. */
    cells: async (grain: string, and = '') => {
      const sql = `SELECT count() AS n FROM cells WHERE grain = '${grain}' AND stage = 'final' ${and}`
      return Number((await engines.warehouse.select<{ n: string }>(sql))[0]?.n)
    },
    keptForGood: () =>
      Promise.all(
        [
          "SELECT * EXCEPT state FROM cells WHERE grain = 'day' AND stage = 'final' ORDER BY ALL",
          'SELECT * FROM releases ORDER BY ALL',
        ].map(async (sql) => JSON.stringify(await engines.warehouse.select(sql))),
      ),
    holdEvents: () => holdEventsOf(ledger),
  }
}

async function holdEventsOf(ledger: Ledger): Promise<LedgerEvent[]> {
  const found: LedgerEvent[] = []
  for await (const { event } of ledger.entries()) if (event.kind.startsWith('hold.')) found.push(event)
  return found
}

for (const isHeld of [true, false])
  test(
    isHeld
      ? 'while a case is held, counts past their time stay and raw records go as ever; released, all that is overdue goes'
      : 'the control: without a hold they go when their time has come',
    async () => {
      const { world, desk, holdEvents, cells, keptForGood, rawBytes, send } = await running()
      if (isHeld) await desk.placeHold({ case: 'LEG-1', why: 'preservation order', covers: ['aggregates', 'ledger'] })
      assert.equal((await send()).status, 200)
      await desk.append([{ occurrence: 1, line: oldLine }], 'combined', false)
      await world.settle()
      assert.ok((await rawBytes()) > 0)
      await world.passTo('2026-11-23T15:00:00Z')
      assert.equal(await rawBytes(), 0, 'raw records are not extended')
      const forGood = await keptForGood()
      const past = [await cells('minute'), await cells('hour', oldHour)]
      if (!isHeld) return assert.deepEqual(past, [0, 0])
      assert.ok(
        past.every((count) => count > 0),
        String(past),
      )
      const shown = (await desk.retention()).filter(({ heldBy }) => heldBy !== undefined)
      assert.deepEqual(
        shown.map(({ kind, heldBy }) => [kind, heldBy]),
        [
          ['minute-cells', ['LEG-1']],
          ['hour-cells', ['LEG-1']],
        ],
      )
      await desk.releaseHold('LEG-1', 'settled')
      await world.headcount.worker.maintain()
      assert.deepEqual([await cells('minute'), await cells('hour', oldHour)], [0, 0])
      assert.deepEqual(await keptForGood(), forGood, 'what is kept for good has not changed')
      assert.deepEqual(await holdEvents(), [
        { kind: 'hold.placed', case: 'LEG-1', why: 'preservation order', covers: ['aggregates', 'ledger'] },
        { kind: 'hold.released', case: 'LEG-1', why: 'settled' },
      ])
      assert.deepEqual((await desk.verifyLedger()).problems, [])
    },
  )

for (const isHeld of [true, false])
  test(
    isHeld
      ? 'raw records are kept by an order until its end; keys are not, and who asked for deletion is in no count'
      : 'the control: without an order raw records are gone after their time, and so is the deletion',
    async () => {
      const world = await openInstallation({ releases: true })
      closing.push(() => world.close())
      const { clock, ledger, choices, engines } = world
      const until = new Date(clock.now() + 5 * dayMs).toISOString()
      const order = { why: 'order', covers: ['raw'] as const, until, order: '12 O 345/26' }
      if (isHeld) await placeHold({ ledger, clock, mayHoldRaw: true }, { case: 'LEG-2', ...order })
      await world.append([
        recordOf({ at: clock, device: 'gone', events: 5 }),
        recordOf({ at: clock, device: 'stays', events: 3 }),
      ])
      const subject = choices.subjectOf('device', 'gone')
      await choices.log.append({ subject, act: 'deletion', by: 'owner', policy: '1' })
      const worker = await world.startWorker()
      await world.settle(worker)
      const counted = "SELECT toInt64(sum(events)) AS n FROM cells WHERE dataset = 'usage' AND grain = 'day'"
      assert.deepEqual(await world.rows(counted), [{ n: '3' }])
      clock.advance(deletionMs)
      await world.settle(worker)
      await worker.maintain()
      const deletions = () => choices.log.choices.history(subject).length
      assert.deepEqual(
        (await worker.keyTimes()).filter(({ name }) => name === 'day:2026-11-20'),
        [],
      )
      assert.equal((await engines.log.bytes()) > 0, isHeld)
      assert.equal(deletions(), isHeld ? 1 : 0)
      const kept = await lookAtRetention({
        ...engines,
        ledger,
        choices: choices.log,
        clock: { now: () => clock.now() + 4 * hourMs },
      })
      assert.deepEqual(
        kept.filter((one) => overdueMs(one, clock.now() + 4 * hourMs) > 0),
        [],
        'what is held is not past its time',
      )
      if (!isHeld) return
      clock.set(until)
      await worker.maintain()
      assert.equal(await engines.log.bytes(), 0)
      await worker.maintain()
      assert.equal(deletions(), 0)
      assert.deepEqual(
        (await holdEventsOf(ledger)).map(({ kind, ...rest }) => [kind, 'why' in rest && rest.why]),
        [
          ['hold.placed', 'order'],
          ['hold.released', `its end has come: ${until}`],
        ],
      )
    },
  )

test('nobody but an operator places a hold, and the ledger has nothing of an attempt', async () => {
  const { anotherDesk, holdEvents } = await running()
  await assert.rejects(anotherDesk.placeHold({ case: 'LEG-3', why: 'w', covers: ['ledger'] }), /answered 401/)
  await assert.rejects(anotherDesk.releaseHold('LEG-3', 'w'), /answered 401/)
  assert.deepEqual(await holdEvents(), [])
})
