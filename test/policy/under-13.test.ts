/** under-13: "We do not knowingly collect … from anyone under the age of 13"; what is learned of is deleted. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { makeCanary, needlesOf } from '../privacy/canary.ts'
import { NeedleSearch } from '../privacy/needle-search.ts'
import { scanBytes, scanFiles, scanRows } from '../privacy/scan.ts'
import { WholeInstallation } from '../privacy/whole-installation.ts'

let world: WholeInstallation
before(async () => {
  world = await WholeInstallation.start()
})
after(() => world.remove())

let ids = 0
const eventOf = (members: object) => ({
  id: `e-${ids++}`,
  time: new Date(world.clock.now()).toISOString(),
  feature: 'services',
  ...members,
})

async function post(path: string, body: object, headers: Record<string, string> = {}) {
  const { collectorUrl, credentials } = world.headcount
  const response = await fetch(collectorUrl + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${credentials.writeKey}`, ...headers },
    body: JSON.stringify(body),
  })
  assert.equal(response.status, 200)
  return { response, answer: (await response.json()) as { accepted: number; rejected: { reason: string }[] } }
}

async function rejectedChildren(): Promise<number> {
  const text = await world.headcount.metrics.registry.metrics()
  return Number(/^headcount_events_rejected_total\{reason="child"\} (\d+)$/m.exec(text)?.[1] ?? 0)
}

const native = [
  ['child', { child: true }],
  ['under13', { under13: 'yes' }],
  ['under_13', { under_13: 1 }],
  ['an age of 12', { age: 12 }],
  ['an age as text', { age: '7' }],
] as const

for (const [what, mark] of native)
  test(`an event with ${what} is refused by name, and nothing under its identifier is counted any more`, async () => {
    const device = `child of ${what}`
    const { answer } = await post('/v1/events', { events: [eventOf({ device, ...mark })] })
    assert.equal(answer.accepted, 0)
    assert.deepEqual(
      answer.rejected.map(({ reason }) => reason),
      ['child'],
    )
    assert.equal((await post('/v1/events', { events: [eventOf({ device })] })).answer.accepted, 0)
  })

for (const mark of [{ child: false }, { age: 13 }, { age: 'unknown' }])
  test(`the control: an event with ${JSON.stringify(mark)} is taken`, async () => {
    const events = [eventOf({ device: 'no child', ...mark }), eventOf({ device: 'no child' })]
    assert.deepEqual((await post('/v1/events', { events })).answer, { accepted: 2, rejected: [] })
  })

const segment = [
  ['properties', '/v1/track', { event: 'jobs', properties: { child: true } }],
  ['traits', '/v1/identify', { traits: { age: 9 } }],
  ['context', '/v1/page', { properties: { path: '/dashboard' }, context: { under_13: true } }],
  ['traits of the context', '/v1/track', { event: 'jobs', context: { traits: { age: '11' } } }],
] as const

for (const [where, path, item] of segment)
  test(`Segment: a mark in ${where} is heeded`, async () => {
    const [anonymousId, userId, before] = [`child of ${path} ${where}`, `user of ${where}`, await rejectedChildren()]
    await post(path, { ...item, anonymousId, userId })
    assert.equal(await rejectedChildren(), before + 1)
    for (const device of [anonymousId, userId])
      assert.equal((await post('/v1/events', { events: [eventOf({ device })] })).answer.accepted, 0)
  })

test('nothing of a refused event is kept; the control: of the same event without the mark, the raw log has it', async () => {
  const device = makeCanary("a child's device")
  const id = makeCanary("a child's event")
  const search = new NeedleSearch([...needlesOf(device), ...needlesOf(id)])
  const places = async () => [
    ...(await scanFiles(search, world.dir)),
    ...(await scanRows(search, world.headcount.engines)),
    ...scanBytes(search, 'log lines', world.lines.join('\n')),
    ...scanBytes(search, 'metrics', await world.headcount.metrics.registry.metrics()),
  ]
  await post('/v1/events', { events: [eventOf({ device: device.value, id: id.value, age: 5 })] })
  await post('/v1/track', { event: 'jobs', anonymousId: device.value, messageId: id.value, properties: { age: 5 } })
  await world.settle()
  assert.deepEqual(await places(), [])
  await post('/v1/events', { events: [eventOf({ device: 'grown up', id: id.value })] })
  assert.notDeepEqual(await places(), [])
})

test('a deletion of each identifier is in the ledger, without it', async () => {
  await world.headcount.worker.maintain()
  const found = []
  for await (const { event } of world.headcount.ledger.entries())
    if (event.kind === 'subject.deleted') found.push(event)
  assert.ok(found.length >= native.length + 2 * segment.length)
  assert.deepEqual([...new Set(found.map(({ by }) => by))], ['child'])
  assert.ok(found.every((event) => Object.keys(event).every((name) => ['kind', 'deletion', 'by'].includes(name))))
})

test('a browser in which a child is: its cookie is cut out, goes, and no other is given', async () => {
  const cookie = 'k'.repeat(22)
  const headers = { cookie: `headcount=${cookie}`, origin: 'https://example.org' }
  const { response } = await post('/v1/events', { events: [eventOf({ child: true })] }, headers)
  assert.ok(response.headers.getSetCookie().some((one) => one.startsWith('headcount=;')))
  assert.deepEqual((await post('/v1/events', { events: [eventOf({})] }, headers)).answer.accepted, 0)
})
