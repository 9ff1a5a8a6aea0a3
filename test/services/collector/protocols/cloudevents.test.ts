import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { ManualClock } from '../../../../shared/clock.ts'
import { type RunningCollector, startCollector } from '../running-collector.ts'

const path = '/v1/cloudevents'
const json = { 'content-type': 'application/cloudevents+json' }
const list = { 'content-type': 'application/cloudevents-batch+json; charset=utf-8' }
const event = { specversion: '1.0', id: '1', source: '/cluster/1', type: 'services', deviceid: 'd1' }
const headers = { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/cluster/1', 'ce-type': 'services' }

type KeptEvent = [id: string, time: number, feature: string, fields: Record<string, unknown>]
const kept = (running: RunningCollector): KeptEvent[] =>
  running.records().flatMap(({ events }) => events as KeptEvent[])
/** In the order of their names: which partition a unit's record is in, and so which comes first, is a hash's choice. */
const units = (running: RunningCollector) =>
  running
    .records()
    .map(({ unit }) => [unit.kind, unit.id])
    .sort()

async function refused(answer: Response, detail: RegExp): Promise<void> {
  assert.equal(answer.status, 400)
  assert.equal(answer.headers.get('content-type'), 'application/problem+json')
  const problem = (await answer.json()) as { type: string; detail: string }
  assert.equal(problem.type, 'urn:headcount:problem:not-a-cloudevent')
  assert.match(problem.detail, detail)
}

test('the three modes give the same event: by source and id, its fields from data or extensions, its device named', async () => {
  const clock = new ManualClock('2026-11-25T10:00:00Z')
  await using running = await startCollector({ clock })
  const time = '2026-11-25T09:59:00Z'
  const data = { version: '2.1', secret: 'canary' }
  const whole = { ...event, time, provider: 'aws', datacontenttype: 'application/json', data }
  const { data: _, ...rest } = whole
  const base64 = { ...rest, data_base64: Buffer.from(JSON.stringify(data)).toString('base64') }
  const answers = [
    await running.send(whole, json, path),
    await running.send(base64, { 'content-type': 'Application/CloudEvents+JSON; charset=UTF-8' }, path),
    await running.send([whole], list, path),
    await running.send(
      data,
      { ...headers, 'ce-time': time, 'ce-provider': 'aws', 'ce-deviceid': 'd1', 'content-type': 'application/json' },
      path,
    ),
    await running.send(gzipSync(JSON.stringify(whole)), { ...json, 'content-encoding': 'gzip' }, path),
  ]
  for (const answer of answers)
    assert.deepEqual([answer.status, answer.headers.get('content-type'), await answer.text()], [202, null, ''])
  const [first, ...others] = kept(running)
  assert.equal(others.length, 4)
  for (const other of others) assert.deepEqual(other, first)
  assert.deepEqual(first?.slice(1), [Date.parse(time), 'services', { version: '2.1', provider: 'aws' }])
  assert.deepEqual(new Set(units(running).map(String)), new Set(['device,d1']))
  assert.ok(!running.log.all().some(({ value }) => value.includes('canary') || value.includes('/cluster/1')))
})

test('another source or another id is another event; the same again is the same', async () => {
  await using running = await startCollector()
  const batch = [
    event,
    event,
    { ...event, id: '2' },
    { ...event, source: '/cluster/2' },
    { ...event, id: '1', type: 'jobs' },
  ]
  await running.send(batch, list, path)
  const ids = kept(running).map(([id]) => id)
  assert.equal(new Set(ids).size, 3)
  assert.ok(ids[0] === ids[1] && ids[0] === ids[4])
})

test('who is counted: device, else cookie, else who sends; a cluster for its reports; never subject or source', async () => {
  await using running = await startCollector()
  const { deviceid: _, ...nobody } = { ...event, subject: 'canary-subject', source: 'urn:canary-source' }
  const sent = [
    { ...nobody, data: { device: 'd2', deviceid: 'd3' } },
    { ...nobody, cookie: 'c1' },
    { ...nobody, type: 'mesos_track', clusterid: 'k1', data: { agents: 3 } },
    { ...nobody, type: 'mesos_track', data: { clusterId: 'k2', cpu: 1.5 } },
    nobody,
  ]
  assert.equal((await running.send(sent, list, path)).status, 202)
  const [nobodys, ...named] = units(running)
  assert.equal(nobodys?.[0], 'address')
  assert.deepEqual(named, [
    ['cluster', 'k1'],
    ['cluster', 'k2'],
    ['cookie', 'c1'],
    ['device', 'd2'],
  ])
  const fields = new Map(running.records().map(({ unit, events }) => [unit.id, (events[0] as KeptEvent)[3]]))
  assert.deepEqual([fields.get('k1'), fields.get('k2')], [{ agents: 3 }, { cpu: 1.5 }])
  assert.ok(!running.log.all().some(({ value }) => value.includes('canary')))
})

test('a core attribute is no declared field: `source` of the catalogue comes from data only', async () => {
  await using running = await startCollector()
  await running.send(
    [
      { ...event, source: 'cli' },
      { ...event, id: '2', data: { source: 'cli' } },
    ],
    list,
    path,
  )
  assert.deepEqual(
    kept(running).map(([, , , fields]) => fields),
    [{}, { source: 'cli' }],
  )
})

test('header values: percent-encoding, quotes of older senders, a bare percent sign; bytes that are no UTF-8 are refused', async () => {
  await using running = await startCollector()
  const devices = [
    ['Euro%20%E2%82%AC%20%F0%9F%98%80', 'Euro € 😀'],
    ['a%c3%a9', 'aé'],
    ['"with \\"quotes\\" inside"', 'with "quotes" inside'],
    ['100%', '100%'],
    ['%zz', '%zz'],
  ]
  // The unit tells whether both were read as the same, also where an identifier is kept as its hash.
  for (const [encoded = '', deviceid] of devices) {
    const answer = await running.send('', { ...headers, 'ce-deviceid': encoded, 'content-type': 'text/plain' }, path)
    assert.equal(answer.status, 202, encoded)
    await running.send({ ...event, deviceid }, json, path)
  }
  const all = units(running).map(String)
  assert.equal(all.length, 2 * devices.length)
  assert.equal(new Set(all).size, devices.length)
  for (const unit of all) assert.equal(all.filter((other) => other === unit).length, 2, unit)
  for (const device of ['%C0%A0', '%ff', 'a%E2%82'])
    await refused(await running.send('', { ...headers, 'ce-deviceid': device }, path), /not UTF-8/)
})

test('data is opaque: whatever it is, the event counts; only a JSON object is looked into', async () => {
  await using running = await startCollector()
  const deep = `{"version":"2.1","a":${'['.repeat(40)}${']'.repeat(40)}}`
  const bodies = ['', 'canary', '["canary"]', '"canary"', '{"version":', deep, '{"version":"2.1"}']
  for (const [index, body] of bodies.entries()) {
    const own = { ...headers, 'ce-id': String(index), 'content-type': 'application/vnd.x+json; charset=utf-8' }
    assert.equal((await running.send(body, own, path)).status, 202, body)
  }
  const otherTypes = ['text/plain', 'application/jsonl', 'application/octet-stream']
  for (const type of otherTypes)
    assert.equal(
      (await running.send('{"version":"2.1"}', { ...headers, 'ce-id': type, 'content-type': type }, path)).status,
      202,
    )
  const fields = kept(running).map(([, , , its]) => its)
  assert.deepEqual(fields.slice(0, 7), [{}, {}, {}, {}, {}, {}, { version: '2.1' }])
  assert.deepEqual(fields.slice(7), [{}, {}, {}])
})

test('a request that is no CloudEvent says what to send; another event format is 415; a wrong key is 401', async () => {
  await using running = await startCollector()
  const cases: [unknown, Record<string, string>, number, RegExp][] = [
    [event, { 'content-type': 'application/json' }, 400, /application\/cloudevents\+json/],
    [event, list, 400, /a JSON array/],
    [[event], json, 400, /must be a JSON object/],
    ['{', json, 400, /RFC 8259/],
    ['x', { 'content-type': 'application/cloudevents+avro' }, 415, /cloudevents\+json/],
    [event, { ...json, authorization: 'Bearer wrong' }, 401, /write key/],
    [event, { ...json, authorization: '' }, 401, /write key/],
  ]
  for (const [body, own, status, detail] of cases) {
    const answer = await running.send(body, own, path)
    assert.equal(answer.status, status, JSON.stringify(own))
    assert.match(((await answer.json()) as { detail: string }).detail, detail)
  }
  assert.equal(running.log.appends, 0)
})

test('the key may be the user of Basic authorization, as in a sink address; further sender keys are keys', async () => {
  await using running = await startCollector({ settings: { senderKeys: ['events-app'] } })
  const basic = `Basic ${Buffer.from('events-app:').toString('base64')}`
  assert.equal((await running.send(event, { ...json, authorization: basic }, path)).status, 202)
  assert.equal((await running.send(event, { ...json, authorization: 'Bearer events-app' }, path)).status, 202)
})

test('a batch may be empty and has a bound; what is a CloudEvent but cannot be counted is taken and left out', async () => {
  await using running = await startCollector({ settings: { eventsMax: 2 } })
  assert.equal((await running.send([], list, path)).status, 202)
  assert.equal((await running.send([event, event, event], list, path)).status, 413)
  assert.equal((await running.send([{ ...event, type: 'mesos_track' }, event], list, path)).status, 202)
  assert.deepEqual(
    kept(running).map(([, , feature]) => feature),
    ['services'],
  )
  assert.match(await running.metrics.registry.metrics(), /rejected_total\{reason="cluster-missing"\} 1/)
})

test('an unknown type is (other); children, telemetry that is off and GPC leave nothing', async () => {
  await using running = await startCollector()
  await running.send({ ...event, type: 'com.example.canary' }, json, path)
  const marked = [{ data: { under13: true } }, { data: { telemetry_enabled: 'false' } }, { child: true }]
  for (const [index, more] of marked.entries())
    assert.equal((await running.send({ ...event, id: `m${index}`, ...more }, json, path)).status, 202)
  assert.equal((await running.send(event, { ...json, 'sec-gpc': '1' }, path)).status, 202)
  assert.deepEqual(
    kept(running).map(([, , feature]) => feature),
    ['(other)'],
  )
  assert.ok(!running.log.all().some(({ value }) => value.includes('canary')))
})
