import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type RejectReason, rejectReasons } from '../../../../shared/drop-reason.ts'
import { event, startCollector } from '../running-collector.ts'

const ndjson = { 'content-type': 'application/x-ndjson; charset=utf-8' }

test('good events are kept, bad ones named by index and reason', async () => {
  await using running = await startCollector()
  const { id: _id, ...withoutId } = event
  const { time: _time, ...withoutTime } = event
  const { feature: _feature, ...withoutFeature } = event
  const bad: [unknown, RejectReason][] = [
    ['text', 'not-an-object'],
    [null, 'not-an-object'],
    [[event], 'not-an-object'],
    [withoutId, 'id-missing'],
    [{ ...event, id: null }, 'id-missing'],
    [{ ...event, id: 7 }, 'id-invalid'],
    [{ ...event, id: '' }, 'id-invalid'],
    [{ ...event, id: 'x'.repeat(257) }, 'id-invalid'],
    [{ ...event, id: 'a\0b' }, 'id-invalid'],
    [{ ...event, id: '\ud800' }, 'id-invalid'],
    [withoutTime, 'time-missing'],
    [{ ...event, time: 1_795_400_000 }, 'time-invalid'],
    [{ ...event, time: '2026-02-30T00:00:00Z' }, 'time-invalid'],
    [withoutFeature, 'feature-missing'],
    [{ ...event, feature: {} }, 'feature-invalid'],
    [{ ...event, feature: 'x'.repeat(300) }, 'feature-invalid'],
    [{ ...event, device: '' }, 'identifier-invalid'],
    [{ ...event, device: 12 }, 'identifier-invalid'],
    [{ ...event, device: null, cookie: {} }, 'identifier-invalid'],
    [{ ...event, feature: 'mesos_track' }, 'cluster-missing'],
    [{ ...event, feature: 'mesos_track', cluster: 'a\nb' }, 'identifier-invalid'],
    [{ ...event, version: {} }, 'field-invalid'],
    [{ ...event, version: 'x'.repeat(257) }, 'field-invalid'],
    [{ ...event, agents: 'many' }, 'measure-invalid'],
    [{ ...event, agents: true }, 'measure-invalid'],
    [{ ...event, note: 'x'.repeat(40_000) }, 'event-too-large'],
  ]
  const good = { ...event, id: 'good' }
  const answer = await running.send({ events: [...bad.map(([one]) => one), good] })
  assert.equal(answer.status, 200)
  assert.deepEqual(await answer.json(), {
    accepted: 1,
    rejected: bad.map(([, reason], index) => ({ index, reason, detail: rejectReasons[reason] })),
  })
  assert.deepEqual(
    running.records().map(({ events }) => events),
    [[['good', Date.parse(event.time), 'services', {}]]],
  )
})

test('an event rejected for a field does not leave its mark on the next, equal one', async () => {
  await using running = await startCollector()
  const wrong = { ...event, version: 'x'.repeat(300) }
  const events = [
    wrong,
    { ...wrong, id: 'e2' },
    { ...event, version: '2.1' },
    { ...event, id: 'e3', version: '2.1' },
    event,
  ]
  const answer = (await (await running.send({ events })).json()) as { rejected: { index: number }[] }
  assert.deepEqual(
    answer.rejected.map(({ index }) => index),
    [0, 1],
  )
  const kept = running.records()[0]?.events as unknown[][]
  assert.deepEqual(
    kept.map(([, , , fields]) => fields),
    [{ version: '2.1' }, { version: '2.1' }, {}],
  )
})

test('only declared fields are kept, in the declared types', async () => {
  await using running = await startCollector()
  const sent = {
    ...event,
    version: 2.1,
    variant: true,
    provider: null,
    agents: '12',
    cpu: 1.5,
    email: 'canary@example.org',
    nested: { email: 'canary@example.org' },
    ip: '192.0.2.99',
  }
  await running.send({ events: [sent] })
  assert.deepEqual(running.records()[0]?.events, [
    ['e1', Date.parse(event.time), 'services', { version: '2.1', variant: 'true', agents: 12, cpu: 1.5 }],
  ])
  assert.ok(!running.log.all().some(({ value }) => /canary|192\.0\.2\.99/.test(value.toString())))
})

test('text that needs escapes survives as it is', async () => {
  await using running = await startCollector()
  const odd = { ...event, id: 'é"\\😀', device: 'd"\\é', version: 'a\u0000"\\\ud800\n' }
  await running.send({ events: [odd] })
  const [record] = running.records()
  assert.equal(record?.unit.id, odd.device)
  assert.deepEqual(record?.events, [[odd.id, Date.parse(event.time), 'services', { version: odd.version }]])
})

test('prototype keys do nothing', async () => {
  await using running = await startCollector()
  const body = `{"__proto__":{"events":[]},"events":[{"id":"e","time":"${event.time}","feature":"constructor","device":"d",
    "__proto__":{"version":"9.9","id":"p"},"constructor":{"prototype":{"version":"9.9"}},"toString":1}]}`
  assert.deepEqual(await (await running.send(body)).json(), { accepted: 1, rejected: [] })
  assert.deepEqual(running.records()[0]?.events, [['e', Date.parse(event.time), '(other)', {}]])
  const inherited = `{"__proto__":{"events":[${JSON.stringify(event)}]}}`
  assert.equal((await running.send(inherited)).status, 400)
  assert.equal(({} as Record<string, unknown>).version, undefined)
})

test('undeclared features become (other), the probe stays itself', async () => {
  await using running = await startCollector()
  const features = ['services', 'nowhere', '_probe', '__proto__', '(other)']
  await running.send({ events: features.map((feature, index) => ({ ...event, id: `e${index}`, feature })) })
  const kept = running.records()[0]?.events as unknown[][]
  assert.deepEqual(
    kept.map(([, , feature]) => feature),
    ['services', '(other)', '_probe', '(other)', '(other)'],
  )
})

test('one record for each unit in one append: device, cookie, cluster, else address and user agent', async () => {
  await using running = await startCollector()
  const { device: _device, ...anonymous } = event
  const events = [
    event,
    { ...event, id: 'e2', device: 'd2', cookie: 'c1' },
    { ...anonymous, id: 'e3', cookie: 'c1' },
    { ...event, id: 'e4', feature: 'mesos_track', cluster: 'd1' },
    { ...anonymous, id: 'e5' },
    { ...event, id: 'e6' },
  ]
  await running.send({ events }, { 'user-agent': 'agent/1', 'x-forwarded-for': '198.51.100.7' })
  assert.equal(running.log.appends, 1)
  const units = running
    .records()
    .map(({ unit, events }) => [unit.kind, unit.id, (events as [string][]).map(([id]) => id)])
  assert.deepEqual(
    units.sort((a, b) => String(a[2]).localeCompare(String(b[2]))),
    [
      ['device', 'd1', ['e1', 'e6']],
      ['device', 'd2', ['e2']],
      ['cookie', 'c1', ['e3']],
      ['cluster', 'd1', ['e4']],
      ['address', '127.0.0.1\0agent/1', ['e5']],
    ],
  )
  for (const { route, ip, userAgent } of running.records())
    assert.deepEqual([route, ip, userAgent], ['node', '127.0.0.1', 'agent/1'])
})

test('NDJSON: a malformed line is rejected by its index, the others are kept', async () => {
  await using running = await startCollector()
  const deep = `{"x":${'['.repeat(40)}${']'.repeat(40)}}`
  const lines = [
    JSON.stringify(event),
    '{"id":',
    deep,
    '',
    'x'.repeat(40_000),
    `${JSON.stringify({ ...event, id: 'e2' })}\r`,
  ]
  const answer = await running.send(`${lines.join('\n')}\n`, ndjson)
  const { accepted, rejected } = (await answer.json()) as {
    accepted: number
    rejected: { index: number; reason: string }[]
  }
  assert.equal(accepted, 2)
  assert.deepEqual(
    rejected.map(({ index, reason }) => [index, reason]),
    [
      [1, 'not-json'],
      [2, 'too-deep'],
      [3, 'event-too-large'],
    ],
  )
})

test('nothing in it is nothing wrong', async () => {
  await using running = await startCollector()
  assert.deepEqual(await (await running.send({ events: [] })).json(), { accepted: 0, rejected: [] })
  assert.deepEqual(await (await running.send('', ndjson)).json(), { accepted: 0, rejected: [] })
  assert.equal(running.log.appends, 0)
})

test('bodies without a list of events are 400 and say what to send', async () => {
  await using running = await startCollector()
  for (const body of [
    '',
    '[]',
    'null',
    '1',
    '"x"',
    '{}',
    '{"events":{}}',
    '{"events":null}',
    JSON.stringify([event]),
    '{"events":[}',
  ]) {
    const answer = await running.send(body)
    assert.equal(answer.status, 400, body)
    const problem = (await answer.json()) as { type: string; detail: string }
    assert.match(problem.type, /^urn:headcount:problem:/)
    assert.match(problem.detail, /Send/)
  }
})

test('nesting above 32 levels is 400 wherever it is', async () => {
  await using running = await startCollector()
  const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth))
  assert.equal((await running.send({ events: [{ ...event, x: nested(29) }] })).status, 200)
  assert.equal((await running.send({ events: [{ ...event, x: nested(30) }] })).status, 400)
  assert.equal((await running.send({ events: [event, nested(31)] })).status, 400)
  assert.equal((await running.send({ events: [], x: nested(32) })).status, 400)
  assert.equal((await running.send('['.repeat(200_000))).status, 400)
})

test('too many events are 413', async () => {
  await using running = await startCollector({ settings: { eventsMax: 2 } })
  const three = [event, event, event]
  assert.equal((await running.send({ events: three })).status, 413)
  assert.equal((await running.send(three.map((one) => JSON.stringify(one)).join('\n'), ndjson)).status, 413)
  assert.equal(running.log.appends, 0)
})
