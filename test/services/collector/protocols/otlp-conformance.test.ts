/** What the OTLP specification requires of a server of logs over HTTP, by test name; infra/senders/conformance.md lists them. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { wireField } from '../../../../services/collector/protocols/otlp-wire.ts'
import { type RunningCollector, startCollector } from '../running-collector.ts'
import { listedCases } from './conformance-list.ts'
import { type Described, fieldsOf, inJson, inProtobuf } from './otlp-message.ts'

const json = { 'content-type': 'application/json' }
const protobuf = { 'content-type': 'application/x-protobuf' }
const event: Described = { eventName: 'services', attributes: { device: 'd1' } }
const line: Described = { body: 'no event' }
const post = (running: RunningCollector, body: string | Buffer, headers: Record<string, string>): Promise<Response> =>
  running.send(body, headers, '/v1/logs')
const bytesOf = async (answer: Response) => Buffer.from(await answer.arrayBuffer())
const eventsIn = (running: RunningCollector) => running.records().flatMap(({ events }) => events).length

const cases: string[] = []
function requirement(name: string, check: (running: RunningCollector) => Promise<void>): void {
  cases.push(name)
  test(name, async () => {
    await using running = await startCollector()
    await check(running)
  })
}

requirement('no compression and gzip are supported', async (running) => {
  for (const [body, headers] of [
    [inJson([event]), json],
    [inProtobuf([event]), protobuf],
  ] as const) {
    assert.equal((await post(running, body, headers)).status, 200)
    assert.equal((await post(running, gzipSync(body), { ...headers, 'content-encoding': 'gzip' })).status, 200)
  }
  assert.equal(eventsIn(running), 4)
})

requirement('protobuf and JSON are told apart by Content-Type, on the same port and path', async (running) => {
  assert.equal((await post(running, inProtobuf([event]), json)).status, 400)
  assert.equal((await post(running, inJson([event]), protobuf)).status, 400)
  assert.equal(
    (await post(running, inJson([event]), { 'content-type': 'Application/JSON; charset=utf-8' })).status,
    200,
  )
  assert.equal((await post(running, inProtobuf([event]), protobuf)).status, 200)
})

requirement('the body is limited as sent and decompressed: 413', async () => {
  await using running = await startCollector({ settings: { bodyBytesMax: 2048, inflatedBytesMax: 4096 } })
  const large = inProtobuf([{ ...event, body: 'x'.repeat(3000) }])
  const bomb = gzipSync(inProtobuf([{ ...event, body: 'x'.repeat(5000) }]))
  assert.ok(bomb.length < 2048)
  assert.equal((await post(running, large, protobuf)).status, 413)
  assert.equal((await post(running, bomb, { ...protobuf, 'content-encoding': 'gzip' })).status, 413)
  assert.equal(eventsIn(running), 0)
})

requirement('an empty request is success', async (running) => {
  assert.equal((await post(running, '{}', json)).status, 200)
  assert.equal((await post(running, Buffer.alloc(0), protobuf)).status, 200)
  assert.equal((await post(running, inProtobuf([]), protobuf)).status, 200)
})

requirement('full success is 200 with an ExportLogsServiceResponse without partial_success', async (running) => {
  const inText = await post(running, inJson([event]), json)
  assert.deepEqual([inText.status, await inText.json()], [200, {}])
  const inBytes = await post(running, inProtobuf([event]), protobuf)
  assert.deepEqual([inBytes.status, fieldsOf(await bytesOf(inBytes)).size], [200, 0])
})

requirement('partial success is 200 with the number of rejected records and a message', async (running) => {
  const inText = await post(running, inJson([event, line]), json)
  assert.equal(inText.status, 200)
  const { partialSuccess } = (await inText.json()) as { partialSuccess: Record<string, string> }
  // A 64-bit integer, hence text in proto3's JSON.
  assert.equal(partialSuccess.rejectedLogRecords, '1')
  assert.ok((partialSuccess.errorMessage ?? '').length > 10)
  const inBytes = await post(running, inProtobuf([event, line]), protobuf)
  const told = fieldsOf(fieldsOf(await bytesOf(inBytes)).get(1) as Buffer)
  assert.deepEqual([inBytes.status, told.get(1), String(told.get(2))], [200, 1, partialSuccess.errorMessage])
  assert.equal(eventsIn(running), 2)
})

requirement("the answer has the request's Content-Type, also when it is an error", async (running) => {
  for (const [good, bad, headers] of [
    [inJson([event]), '[', json],
    [inProtobuf([event]), Buffer.from([7]), protobuf],
  ] as const)
    for (const body of [good, bad])
      assert.equal((await post(running, body, headers)).headers.get('content-type'), headers['content-type'])
})

requirement('errors have a google.rpc.Status as body, with a message', async (running) => {
  for (const headers of [{ ...json, authorization: '' }, json]) {
    const answer = await post(running, '[', headers)
    assert.ok(answer.status >= 400)
    assert.ok(((await answer.json()) as { message: string }).message.length > 10)
  }
  for (const headers of [{ ...protobuf, authorization: '' }, protobuf]) {
    const answer = await post(running, Buffer.from([7]), headers)
    assert.ok(answer.status >= 400)
    assert.ok((fieldsOf(await bytesOf(answer)).get(2) as Buffer).length > 10)
  }
})

requirement('data that cannot be decoded is 400 with a BadRequest in details', async (running) => {
  const inText = await post(running, '{"resourceLogs":7}', json)
  const { details } = (await inText.json()) as { details: { '@type': string; fieldViolations: unknown[] }[] }
  assert.equal(inText.status, 400)
  assert.match(details[0]?.['@type'] ?? '', /google\.rpc\.BadRequest$/)
  assert.equal(details[0]?.fieldViolations.length, 1)
  const inBytes = await post(running, Buffer.from([7]), protobuf)
  const any = fieldsOf(fieldsOf(await bytesOf(inBytes)).get(3) as Buffer)
  assert.equal(inBytes.status, 400)
  assert.match(String(any.get(1)), /google\.rpc\.BadRequest$/)
  const violation = fieldsOf(fieldsOf(any.get(2) as Buffer).get(1) as Buffer)
  assert.ok((violation.get(2) as Buffer).length > 10)
})

requirement(
  'overload is 503 with Retry-After, and what was refused so is taken when it is sent again',
  async (running) => {
    running.log.unavailable = true
    const refused = await post(running, inJson([event]), json)
    assert.equal(refused.status, 503)
    assert.ok(Number(refused.headers.get('retry-after')) > 0)
    running.log.unavailable = false
    assert.equal((await post(running, inJson([event]), json)).status, 200)
    assert.equal(eventsIn(running), 1)
  },
)

requirement('JSON: names that are not known are ignored', async (running) => {
  const logRecords = [
    {
      eventName: 'services',
      someday: { a: [1] },
      attributes: [{ key: 'device', value: { stringValue: 'd1', later: 1 } }],
    },
  ]
  const answer = await post(
    running,
    JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords, x: 1 }], y: 2 }], z: 3 }),
    json,
  )
  assert.deepEqual([answer.status, await answer.json(), eventsIn(running)], [200, {}, 1])
})

requirement('JSON: original field names are not valid, only lowerCamelCase', async (running) => {
  const logRecords = [{ event_name: 'services' }]
  const answer = await post(running, JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] }), json)
  assert.match(await answer.text(), /"rejectedLogRecords":"1"/)
})

requirement('JSON: 64-bit integers are accepted as numbers and as decimal strings', async (running) => {
  const record = (nanoseconds: unknown, tasks: unknown) => ({
    eventName: 'services',
    timeUnixNano: nanoseconds,
    attributes: [{ key: 'tasks', value: { intValue: tasks } }],
  })
  const time = Math.floor(Date.now() / 1000) * 1000
  const logRecords = [record(`${time}000000`, '42'), record(time * 1e6, 42)]
  assert.equal(
    (await post(running, JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] }), json)).status,
    200,
  )
  for (const [, at, , fields] of running.records().flatMap(({ events }) => events as unknown[][]))
    assert.deepEqual([at, fields], [time, { tasks: 42 }])
  assert.equal(eventsIn(running), 2)
})

requirement('JSON: enums are integers and ids are hexadecimal; neither is read', async (running) => {
  const ids = { traceId: '5b8efff798038103d269b633813fc60c', spanId: 'EEE19B7EC3C1B174' }
  const logRecords = [{ eventName: 'services', severityNumber: 17, flags: 1, ...ids }]
  const answer = await post(running, JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] }), json)
  assert.equal(await answer.text(), '{}')
  assert.ok(!running.log.all().some(({ value }) => /5b8eff|EEE19B/i.test(value.toString())))
})

requirement('protobuf: fields that are not known are ignored', async (running) => {
  const unknown = wireField(200, 'later')
  const record = Buffer.concat([unknown, wireField(12, 'services')])
  const logs = Buffer.concat([unknown, wireField(2, Buffer.concat([wireField(2, record), unknown]))])
  const answer = await post(running, Buffer.concat([wireField(1, logs), unknown]), protobuf)
  assert.deepEqual([answer.status, (await bytesOf(answer)).length, eventsIn(running)], [200, 0, 1])
})

requirement(
  'the same request sent again is known by its events, which the specification does not ask for',
  async (running) => {
    await post(running, inProtobuf([event, event]), protobuf)
    await post(running, inProtobuf([event, event]), protobuf)
    const ids = running.records().flatMap(({ events }) => (events as [string][]).map(([id]) => id))
    assert.deepEqual([ids.length, new Set(ids).size], [4, 2])
  },
)

after(async () => {
  assert.equal(cases.length, 16)
  assert.deepEqual(await listedCases('OTLP'), cases.sort())
})
