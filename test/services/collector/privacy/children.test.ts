import assert from 'node:assert/strict'
import { it } from 'node:test'
import { ChoiceLogUnavailableError, type SubjectKind } from '../../../../shared/choices/port.ts'
import { ManualClock } from '../../../../shared/clock.ts'
import { memoryChoiceBook } from '../../../doubles/memory-choice-log.ts'
import { openInstallation, recordOf } from '../../../fixtures/installation.ts'
import { startCollector } from '../running-collector.ts'

const clock = new ManualClock('2026-11-20T12:00:00Z')
let ids = 0
const eventOf = (members: object) => ({
  id: `e-${ids++}`,
  time: new Date(clock.now()).toISOString(),
  feature: 'services',
  ...members,
})

it('what was received before is in no cell: a deletion and an opt-out are there when the answer is', async () => {
  const installation = await openInstallation()
  await using collector = await startCollector({ choices: installation.choices, clock: installation.clock })
  try {
    const at = installation.clock
    await installation.append([
      recordOf({ at, device: 'child', events: 5 }),
      recordOf({ at, device: 'grown up', events: 3 }),
    ])
    const event = { id: 'x', time: new Date(at.now()).toISOString(), feature: 'a' }
    const [marked, unmarked] = [
      { ...event, device: 'child', child: true },
      { ...event, device: 'child' },
    ]
    const response = await collector.send({ events: [unmarked, marked, { ...event, device: 'other' }] })
    assert.equal(((await response.json()) as { accepted: number }).accepted, 1, 'not the one without a mark beside it')
    assert.deepEqual(
      collector.records().map(({ unit }) => unit.id),
      ['other'],
    )
    await installation.settle(await installation.startWorker())
    const rows = await installation.rows(`SELECT toInt64(sum(events)) AS events FROM cells
WHERE dataset = 'usage' AND grain = 'day' AND stage = 'open'`)
    assert.deepEqual(rows, [{ events: '3' }])
  } finally {
    await installation.close()
  }
})

it('a burst of events of one child leaves one deletion and one opt-out of each identifier; a cluster stays', async () => {
  const choices = memoryChoiceBook(clock)
  await using collector = await startCollector({ choices, clock: clock })
  const event = eventOf({ device: 'd', cookie: 'c', cluster: 'of-many', child: true })
  const burst = () => Promise.all(Array.from({ length: 20 }, () => collector.send({ events: [event, event] })))
  await burst()
  await burst()
  const acts = (kind: SubjectKind, id: string) =>
    choices.log.choices.history(choices.subjectOf(kind, id)).map(({ act, by }) => `${act} by ${by}`)
  assert.deepEqual(acts('device', 'd'), ['deletion by child', 'opt-out by child'])
  assert.deepEqual(acts('cookie', 'c'), ['deletion by child', 'opt-out by child'])
  assert.deepEqual(acts('cluster', 'of-many'), [])
  await collector.send({ events: [eventOf({ cluster: 'of-one', child: true })] })
  assert.deepEqual(acts('cluster', 'of-one'), ['deletion by child', 'opt-out by child'])
})

it('while it cannot be recorded that it was a child, nothing of the request is taken and the sender is told', async () => {
  const choices = memoryChoiceBook(clock)
  choices.log.append = () => Promise.reject(new ChoiceLogUnavailableError('away'))
  await using collector = await startCollector({ choices, clock: clock })
  const response = await collector.send({
    events: [eventOf({ device: 'd', child: true }), eventOf({ device: 'other' })],
  })
  assert.equal(response.status, 503)
  assert.equal(response.headers.get('retry-after'), '5')
  assert.deepEqual(collector.records(), [])
})

it('more children than one request may have are refused whole, and nothing is recorded', async () => {
  const choices = memoryChoiceBook(clock)
  await using collector = await startCollector({ choices, clock })
  const events = Array.from({ length: 101 }, (_, child) => eventOf({ device: `of-${child}`, child: true }))
  assert.equal((await collector.send({ events })).status, 413)
  assert.equal(choices.log.choices.size, 0)
  assert.equal((await collector.send({ events: events.slice(1) })).status, 200)
  assert.equal(choices.log.choices.size, 100)
})
