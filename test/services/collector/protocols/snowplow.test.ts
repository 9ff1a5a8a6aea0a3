import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '../../../../shared/clock.ts'
import { type RunningCollector, startCollector } from '../running-collector.ts'

const aid = 'dcos-app'
const settings = { senderKeys: [aid] }
const schema = 'iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4'
const view = { e: 'pv', eid: 'e1', aid, p: 'srv', duid: 'd1', url: 'https://x.example/services/canary?canary' }

const post = (running: RunningCollector, data: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${running.url}/com.snowplowanalytics.snowplow/tp2`, {
    method: 'POST',
    headers: { 'content-type': 'application/json; charset=UTF-8', ...headers },
    body: typeof data === 'string' ? data : JSON.stringify({ schema, data }),
  })
const get = (running: RunningCollector, item: Record<string, string>): Promise<Response> =>
  fetch(`${running.url}/i?${new URLSearchParams(item)}`)
const json = (value: object) => JSON.stringify(value)
const base64 = (value: object) => Buffer.from(json(value)).toString('base64url')
/** A self-describing event of that name, and entities, as trackers wrap them. */
const described = (name: string, data: object) => ({ data: { schema: `iglu:com.acme/${name}/jsonschema/1-0-0`, data } })
const entities = (...data: object[]) => ({
  data: data.map((one) => ({ schema: 'iglu:com.acme/x/jsonschema/1-0-0', data: one })),
})
const kept = (running: RunningCollector) =>
  running.records().flatMap(({ events }) => (events as unknown[][]).map(([, , feature, fields]) => [feature, fields]))

test('page views by path, structured events by action, self-describing ones by the name of their schema', async () => {
  await using running = await startCollector({ settings })
  const note = 'canary'
  const answer = await post(
    running,
    [
      view,
      { ...view, e: 'se', se_ca: 'canary', se_ac: 'Jobs', se_la: 'canary' },
      { ...view, e: 'ue', ue_px: base64(described('dcos_login', { version: '2.1', note })) },
      { ...view, e: 'ue', ue_pr: json(described('nodes', { note })), co: json(entities({ variant: 'open', note })) },
      { ...view, e: 'ue', ue_pr: json(described('screen_view', { name: 'Secrets' })) },
      {
        ...view,
        e: 'ue',
        ue_px: base64(described('canary', { agents: '7' })),
        cx: base64(entities({ provider: 'aws' })),
      },
      { ...view, e: 'pp', pp_mix: '7' },
      { ...view, e: 'ue', ue_px: 'canary' },
      7,
    ],
    { authorization: 'Bearer dcos-app' },
  )
  assert.deepEqual([answer.status, await answer.text()], [200, 'ok'])
  assert.deepEqual(kept(running), [
    ['services', {}],
    ['jobs', {}],
    ['dcos_login', { version: '2.1' }],
    ['nodes', { variant: 'open' }],
    ['secrets', {}],
    ['(other)', { provider: 'aws', agents: 7 }],
  ])
  assert.ok(!running.log.all().some(({ value }) => value.includes('canary')))
  const metrics = await running.metrics.registry.metrics()
  assert.match(metrics, /accepted_total\{protocol="snowplow"\} 7/)
  assert.match(metrics, /rejected_total\{reason="feature-missing"\} 1/)
})

test('one event by GET is answered with a picture', async () => {
  await using running = await startCollector({ settings })
  const answer = await get(running, { stm: '1764072000000', ...view })
  assert.deepEqual([answer.status, answer.headers.get('content-type')], [200, 'image/gif'])
  assert.match(Buffer.from(await answer.arrayBuffer()).toString('latin1'), /^GIF89a.*;$/s)
  assert.deepEqual(kept(running), [['services', {}]])
})

test('heads: the domain’s user, else the network’s, else the user; a passed-on user agent is a browser’s', async () => {
  await using running = await startCollector({ settings })
  const { duid: _, ...without } = view
  await post(running, [
    { ...view, uid: 'canary' },
    { ...without, nuid: 'n1', uid: 'u1' },
    { ...without, uid: 'u1' },
    { ...without, p: 'web', ua: 'Mozilla/5.0 (X11)', ip: '192.0.2.99' },
  ])
  assert.deepEqual(
    running
      .records()
      .map(({ unit, route }) => [unit.kind, unit.id.replace('127.0.0.1\0', ''), route])
      .sort(),
    [
      ['address', 'Mozilla/5.0 (X11)', 'browser'],
      ['device', 'd1', 'node'],
      ['device', 'n1', 'node'],
      ['device', 'u1', 'node'],
    ],
  )
  assert.ok(!running.log.all().some(({ value }) => value.includes('192.0.2.99') || value.includes('canary')))
})

test('the device’s time is corrected by when it sent; the true time is not; without either it is the time of arrival', async () => {
  const clock = new ManualClock('2026-11-23T10:00:00Z')
  await using running = await startCollector({ settings, clock })
  const now = clock.now()
  const wrong = Date.parse('2031-01-01T00:00:00Z')
  await post(running, [
    { ...view, dtm: String(wrong), stm: String(wrong + 60_000) },
    { ...view, ttm: String(now - 5000), stm: String(wrong) },
    { ...view, dtm: '', stm: 'x' },
  ])
  assert.deepEqual(
    running.records().flatMap(({ events }) => (events as unknown[][]).map(([, time]) => time)),
    [now - 60_000, now - 5000, now],
  )
})

test('a retry has the same id, also of an event without one of its own', async () => {
  const clock = new ManualClock('2026-11-23T10:00:00Z')
  await using running = await startCollector({ settings, clock })
  const { eid: _, ...without } = view
  for (const stm of ['1', '2']) await post(running, [view, { ...without, stm }])
  const ids = running.records().flatMap(({ events }) => (events as unknown[][]).map(([id]) => id))
  assert.deepEqual(ids.slice(0, 2), ids.slice(2))
  assert.equal(ids[0], 'e1')
})

test('a child’s event is not taken, whether its data, an entity or itself says so', async () => {
  await using running = await startCollector({ settings })
  await post(running, [
    { ...view, e: 'ue', ue_pr: json(described('nodes', { age: 9 })) },
    { ...view, co: json(entities({}, { child: true })) },
    { ...view, under13: '1' },
    { ...view, co: json(entities({ telemetry_enabled: 'false' })) },
  ])
  assert.equal(running.log.appends, 0)
  assert.match(await running.metrics.registry.metrics(), /rejected_total\{reason="child"\} 3/)
})

test('an event whose app id is no sender key is 401, one among others too; what would be sent again for ever is 400', async () => {
  await using running = await startCollector({ settings: { ...settings, eventsMax: 2, bodyBytesMax: 2000 } })
  const tries: [unknown, number][] = [
    [[view, { ...view, aid: 'other' }], 401],
    [[view, { ...view, aid: undefined }], 401],
    [[view, 7], 401],
    [[], 401],
    ['{}', 401],
    ['[]', 400],
    ['{', 400],
    [[view, view, view], 400],
    [[{ ...view, page: 'x'.repeat(3000) }], 400],
  ]
  for (const [data, status] of tries) assert.equal((await post(running, data)).status, status, JSON.stringify(data))
  assert.equal((await get(running, { ...view, aid: 'other' })).status, 401)
  assert.equal((await fetch(`${running.url}/i`)).status, 401)
  assert.equal(running.log.appends, 0)
})
