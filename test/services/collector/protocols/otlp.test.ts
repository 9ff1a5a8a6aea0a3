import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { createNodeKey } from '../../../../services/collector/privacy/node-key.ts'
import { wireField } from '../../../../services/collector/protocols/otlp-wire.ts'
import { ManualClock } from '../../../../shared/clock.ts'
import { memoryChoiceBook } from '../../../doubles/memory-choice-log.ts'
import { adminToken, type RunningCollector, startCollector, writeKey } from '../running-collector.ts'
import { type Attributes, type Described, fieldsOf, inJson, inProtobuf } from './otlp-message.ts'

const path = '/v1/logs'
const json = { 'content-type': 'application/json' }
const protobuf = { 'content-type': 'application/x-protobuf' }
const now = '2026-11-25T10:00:00Z'
const time = BigInt(Date.parse('2026-11-25T09:59:00.123Z')) * 1_000_000n + 456_789n
const services: Described = { eventName: 'services', time, attributes: { device: 'd1' } }

type KeptEvent = [id: string, time: number, feature: string, fields: Record<string, unknown>]
const kept = (running: RunningCollector): KeptEvent[] =>
  running.records().flatMap(({ events }) => events as KeptEvent[])
/** In the order of their names: which partition a unit's record is in, and so which comes first, is a hash's choice. */
const units = (running: RunningCollector) =>
  running
    .records()
    .map(({ unit }) => `${unit.kind} ${unit.kind === 'address' ? '' : unit.id}`)
    .sort()
const sendBoth = async (running: RunningCollector, records: Described[], resource?: Attributes) => [
  await running.send(inJson(records, resource), json, path),
  await running.send(inProtobuf(records, resource), protobuf, path),
]

const bytesOf = async (answer: Response) => Buffer.from(await answer.arrayBuffer())

test('both encodings give the same event, and full success has no partialSuccess', async () => {
  const clock = new ManualClock(now)
  await using running = await startCollector({ clock })
  const record: Described = {
    ...services,
    attributes: { device: 'd1', version: '2.1', cluster_size: 3n, email: 'canary@example.org', tasks: 5n, cpu: 1.5 },
    body: { text: ['canary', true, 1n] },
  }
  const [first, second] = await sendBoth(running, [record], { provider: 'aws', 'host.name': 'canary' })
  assert.deepEqual(
    [first?.status, first?.headers.get('content-type'), await first?.text()],
    [200, 'application/json', '{}'],
  )
  assert.deepEqual(
    [second?.status, second?.headers.get('content-type'), (await bytesOf(second!)).length],
    [200, 'application/x-protobuf', 0],
  )
  const [one, other] = kept(running)
  assert.deepEqual(one?.slice(1), other?.slice(1))
  const happened = Date.parse('2026-11-25T09:59:00.123Z')
  assert.deepEqual(one?.slice(1), [happened, 'services', { version: '2.1', provider: 'aws', tasks: 5, cpu: 1.5 }])
  assert.ok(!running.log.all().some(({ value }) => value.includes('canary')))
})

test('the time is when it happened, else when it was observed, else when it was received', async () => {
  const clock = new ManualClock(now)
  await using running = await startCollector({ clock })
  const records = [
    { ...services, observed: 1n },
    { ...services, time: 0n, observed: time },
    { ...services, time: 0n, observed: 0n },
    { eventName: 'services', attributes: { device: 'd1' } },
    { ...services, time: 2n ** 64n - 1n },
  ]
  await sendBoth(running, records)
  const happened = Number(time / 1_000_000n)
  const last = Number((2n ** 64n - 1n) / 1_000_000n)
  const expected = [happened, happened, clock.now(), clock.now(), last]
  assert.deepEqual(
    kept(running).map(([, at]) => at),
    [...expected, ...expected],
  )
})

test('the name is eventName, else attribute event.name; a log line without any is rejected and said so', async () => {
  await using running = await startCollector()
  const records: Described[] = [
    services,
    { attributes: { 'event.name': 'jobs', device: 'd1' } },
    { eventName: 'com.example.canary', attributes: { device: 'd1' } },
    { eventName: '', body: 'canary' },
    { body: 'canary' },
    { eventName: 'mesos_track' },
  ]
  const [first, second] = await sendBoth(running, records)
  const { partialSuccess } = (await first!.json()) as { partialSuccess: Record<string, string> }
  assert.equal(partialSuccess.rejectedLogRecords, '3')
  assert.match(
    partialSuccess.errorMessage ?? '',
    /^feature-missing \(2\): .*event name.*; cluster-missing \(1\): .*k8s/,
  )
  assert.equal(second?.status, 200)
  const answer = fieldsOf(fieldsOf(await bytesOf(second!)).get(1) as Buffer)
  assert.equal(answer.get(1), 3)
  assert.equal(String(answer.get(2)), partialSuccess.errorMessage)
  assert.deepEqual(
    kept(running).map(([, , feature]) => feature),
    ['services', 'jobs', '(other)', 'services', 'jobs', '(other)'],
  )
  assert.ok(!running.log.all().some(({ value }) => value.includes('canary')))
})

test('who is counted: a device by its attribute, else its host, else its instance; a cluster for its reports', async () => {
  await using running = await startCollector()
  const event = { eventName: 'services' }
  const all = { 'host.id': 'h1', 'service.instance.id': 'i1' }
  const cases: [Described, Attributes, string][] = [
    [{ ...event, attributes: { device: 'd1', 'device.id': 'd2' } }, all, 'device d1'],
    [event, { ...all, 'device.id': 'd3' }, 'device d3'],
    [event, { ...all, 'app.installation.id': 'a1' }, 'device a1'],
    [event, all, 'device h1'],
    [event, { 'service.instance.id': 'i2' }, 'device i2'],
    [event, { 'service.name': 'canary', 'user.id': 'canary', 'session.id': 'canary' }, 'address '],
    [{ eventName: 'mesos_track' }, { ...all, 'k8s.cluster.uid': 'k1' }, 'cluster k1'],
    [{ eventName: 'mesos_track', attributes: { cluster: 'k2' } }, {}, 'cluster k2'],
  ]
  for (const [record, resource] of cases) await running.send(inProtobuf([record], resource), protobuf, path)
  assert.deepEqual(units(running), cases.map(([, , unit]) => unit).sort())
  assert.ok(!running.log.all().some(({ value }) => value.includes('canary')))
})

test('a request sent again has the same ids, equal records in it have their own; log.record.uid goes before both', async () => {
  await using running = await startCollector()
  const ids = async (body: Buffer, headers: Record<string, string> = {}) => {
    const before = kept(running).length
    assert.equal((await running.send(body, { ...protobuf, ...headers }, path)).status, 200)
    return kept(running)
      .slice(before)
      .map(([id]) => id)
  }
  const equal = inProtobuf([services, services])
  const first = await ids(equal)
  assert.equal(new Set(first).size, 2)
  assert.deepEqual(await ids(equal), first)
  assert.deepEqual(await ids(gzipSync(equal), { 'content-encoding': 'gzip' }), first)
  const third = await ids(inProtobuf([services, services, services]))
  assert.equal(new Set([...first, ...third]).size, 5)
  const named = { ...services, attributes: { ...services.attributes, 'log.record.uid': '01J-ULID' } }
  assert.deepEqual(await ids(inProtobuf([named])), ['01J-ULID'])
})

test('JSON: unknown names are ignored, also snake_case; integers are numbers or text, null is absent', async () => {
  const clock = new ManualClock(now)
  await using running = await startCollector({ clock })
  const attributes = [
    { key: 'device', value: { stringValue: 'd1' } },
    { key: 'tasks', value: { intValue: 7 } },
    { key: 'agents', value: { intValue: '9' } },
    { key: 'version', value: null },
    { key: '__proto__', value: { stringValue: 'canary' } },
    { key: 'provider', value: { string_value: 'aws' } },
    { value: { stringValue: 'canary' } },
  ]
  const record = { eventName: 'services', timeUnixNano: Number(time), attributes, event_name: 'jobs', later: [{}] }
  const nothing = { resource: null, scopeLogs: null, schemaUrl: null }
  const resourceLogs = [nothing, { scopeLogs: [{ logRecords: [record], scope: null }], entityRefs: 1 }]
  const answer = await running.send({ resourceLogs, resource_logs: 'canary' }, json, path)
  assert.equal(await answer.text(), '{}')
  const [, at, feature, fields] = kept(running)[0] ?? []
  assert.deepEqual([at, feature, fields], [Number(time / 1_000_000n), 'services', { tasks: 7, agents: 9 }])
})

test('protobuf: unknown fields of every type are passed over, negative integers are read', async () => {
  await using running = await startCollector()
  const unknown = Buffer.concat([wireField(99, 7), wireField(98, 'canary'), Buffer.from([0xd5, 6, 1, 2, 3, 4])])
  const value = Buffer.from([0x18, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1])
  const tasks = wireField(6, Buffer.concat([wireField(1, 'tasks'), wireField(2, value)]))
  const record = Buffer.concat([unknown, wireField(12, 'services'), tasks, unknown])
  // The resource after its records: fields of a message may stand in any order.
  const resource = wireField(
    1,
    wireField(1, Buffer.concat([wireField(1, 'host.id'), wireField(2, wireField(1, 'h1'))])),
  )
  const logs = Buffer.concat([unknown, wireField(2, Buffer.concat([unknown, wireField(2, record)])), resource])
  const answer = await running.send(Buffer.concat([unknown, wireField(1, logs)]), protobuf, path)
  assert.deepEqual([answer.status, (await bytesOf(answer)).length], [200, 0])
  assert.deepEqual(kept(running)[0]?.slice(2), ['services', { tasks: -1 }])
  assert.deepEqual(units(running), ['device h1'])
})

test('nothing in it is success: {} and an empty message', async () => {
  await using running = await startCollector()
  for (const body of ['{}', '{"resourceLogs":[]}'])
    assert.equal(await (await running.send(body, json, path)).text(), '{}')
  assert.equal((await running.send('', protobuf, path)).status, 200)
  assert.equal(running.log.appends, 0)
})

test('what cannot be decoded is 400 as a Status with a BadRequest, in the encoding of the request', async () => {
  await using running = await startCollector()
  const wrong = [
    '',
    '[]',
    '{"resourceLogs":{}}',
    '{"resourceLogs":["canary"]}',
    '{"resourceLogs":[{"resource":"canary"}]}',
    '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"eventName":7}]}]}]}',
    '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"canary"}]}]}]}',
    `{"resourceLogs":${'['.repeat(40)}${']'.repeat(40)}}`,
  ]
  for (const body of wrong) {
    const answer = await running.send(body, json, path)
    assert.deepEqual([answer.status, answer.headers.get('content-type')], [400, 'application/json'], body)
    const status = (await answer.json()) as { code: number; message: string; details: { '@type': string }[] }
    assert.deepEqual([status.code, status.details[0]?.['@type']], [3, 'type.googleapis.com/google.rpc.BadRequest'])
    assert.ok(status.message.length > 20 && !JSON.stringify(status).includes('canary'))
  }
  const good = inProtobuf([services])
  const cut = Array.from({ length: good.length - 1 }, (_, length) => good.subarray(0, length + 1))
  const broken = [Buffer.from([0]), Buffer.from([3]), Buffer.alloc(12, 0xff), wireField(1, Buffer.from([0xff]))]
  const notText = wireField(1, wireField(2, wireField(2, wireField(12, Buffer.from([0xc3, 0x28])))))
  for (const body of [...cut, ...broken, notText]) {
    const answer = await running.send(body, protobuf, path)
    assert.deepEqual([answer.status, answer.headers.get('content-type')], [400, 'application/x-protobuf'])
    const status = fieldsOf(await bytesOf(answer))
    assert.equal(status.get(1), 3)
    assert.match(String(status.get(2)), /ExportLogsServiceRequest/)
    assert.equal(String(fieldsOf(status.get(3) as Buffer).get(1)), 'type.googleapis.com/google.rpc.BadRequest')
  }
  assert.equal(running.log.appends, 0)
})

test('a wrong key, another media type, too much: a Status, and never a status that is retried', async () => {
  await using running = await startCollector({ settings: { eventsMax: 2, inflatedBytesMax: 4096 } })
  const many = [services, services, services]
  const cases: [string | Buffer, Record<string, string>, number, number][] = [
    [inJson([services]), { ...json, authorization: 'Bearer wrong' }, 401, 16],
    [inJson([services]), { ...json, authorization: '' }, 401, 16],
    [inJson([services]), { 'content-type': 'text/plain' }, 415, 3],
    [inJson(many), json, 413, 8],
    [gzipSync(Buffer.alloc(5000, 0x20)), { ...json, 'content-encoding': 'gzip' }, 413, 8],
  ]
  for (const [body, headers, status, code] of cases) {
    const answer = await running.send(body, headers, path)
    assert.deepEqual([answer.status, answer.headers.get('content-type')], [status, 'application/json'])
    assert.equal(((await answer.json()) as { code: number }).code, code)
  }
  const answer = await running.send(inProtobuf(many), protobuf, path)
  assert.deepEqual([answer.status, fieldsOf(await bytesOf(answer)).get(1)], [413, 8])
  assert.equal(running.log.appends, 0)
})

test('while the log is away: 503 with Retry-After and a Status; sent again it is taken', async () => {
  await using running = await startCollector()
  running.log.unavailable = true
  const answer = await running.send(inProtobuf([services]), protobuf, path)
  assert.deepEqual([answer.status, answer.headers.get('retry-after')], [503, '5'])
  assert.equal(fieldsOf(await bytesOf(answer)).get(1), 14)
  running.log.unavailable = false
  assert.equal((await running.send(inProtobuf([services]), protobuf, path)).status, 200)
  assert.equal(kept(running).length, 1)
})

test('children are rejected; telemetry that is off and GPC are success and leave nothing', async () => {
  await using running = await startCollector()
  const marked = (attributes: Attributes): Described[] => [{ eventName: 'services', attributes }]
  const [child] = await sendBoth(running, marked({ age: 9n }))
  assert.match(await child!.text(), /"rejectedLogRecords":"1".*child/)
  for (const answer of await sendBoth(running, [{ eventName: 'services' }], { telemetry_enabled: false }))
    assert.ok(['', '{}'].includes(await answer.text()))
  for (const headers of [json, protobuf]) {
    const body = headers === json ? inJson([services]) : inProtobuf([services])
    const answer = await running.send(body, { ...headers, 'sec-gpc': '1' }, path)
    assert.deepEqual([answer.status, answer.headers.get('content-type')], [200, headers['content-type']])
  }
  assert.equal(running.log.appends, 0)
})

test('an opt-out holds for every name of a device, not for devices that a host passes on; nor is it cut out with a child', async () => {
  const clock = new ManualClock(now)
  await using running = await startCollector({ choices: memoryChoiceBook(clock), clock })
  const key = createNodeKey({ choiceKey: '', adminToken })
  const choose = (device: string) =>
    running.send({ choice: 'opt-out', device }, { authorization: `Bearer ${key(device)}` }, '/v1/privacy/choice')
  for (const device of ['out', 'host-out']) assert.equal((await choose(device)).status, 200)
  const events: [Attributes, Attributes][] = [
    [{ device: 'out' }, {}],
    [{ device: 'd1', 'device.id': 'out' }, {}],
    [{}, { 'host.id': 'host-out', 'service.instance.id': 'i1' }],
    [{ device: 'passed-on' }, { 'host.id': 'host-out' }],
    [{ device: 'young', child: true }, { 'host.id': 'h1' }],
    [{ device: 'young' }, { 'host.id': 'h1' }],
    [{}, { 'host.id': 'h1' }],
  ]
  for (const [attributes, resource] of events)
    await sendBoth(running, [{ eventName: 'services', attributes }], resource)
  assert.deepEqual(units(running), ['device h1', 'device h1', 'device passed-on', 'device passed-on'])
})

/** What is answered to a second request on a connection whose first one the collector still works on when it stops. */
async function askedWhileStopping(where: string): Promise<string> {
  const running = await startCollector()
  let open = (): void => undefined
  running.log.gate = new Promise((resolve) => {
    open = resolve
  })
  const { hostname, port } = new URL(running.url)
  const body = inJson([services])
  const post = (to: string) =>
    `POST ${to} HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${writeKey}\r\n` +
    `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  const socket = connect(Number(port), hostname)
  const answers = text(socket)
  socket.write(post(path))
  while (running.log.appends === 0) await sleep(5)
  const drained = running.collector.drain()
  const requests = once(running.collector.app.server, 'request')
  socket.write(post(where))
  await requests
  open()
  await drained
  const [, taken = '', refused = ''] = (await answers).split('HTTP/1.1 ')
  assert.match(taken, /^200 /)
  assert.equal(kept(running).length, 1)
  return refused
}

test('a request that comes while the collector stops is answered 503 as a Status, other routes with a problem', async () => {
  const status = await askedWhileStopping(path)
  assert.match(status, /^503 .*retry-after: 1\r\n.*content-type: application\/json\r\n.*\{"code":14,"message":/s)
  const problem = await askedWhileStopping('/v1/nothing')
  assert.match(problem, /^503 .*application\/problem\+json\r\n.*"urn:headcount:problem:shutting-down"/s)
})
