import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { ManualClock } from '../../../../shared/clock.ts'
import { type RunningCollector, startCollector, writeKey } from '../running-collector.ts'

type KeptEvent = [id: string, time: number, feature: string, fields: Record<string, unknown>]
const kept = (running: RunningCollector): KeptEvent[] =>
  running.records().flatMap(({ events }) => events as KeptEvent[])
const event = { event: 'services', distinct_id: 'd1', uuid: 'u1' }

/** Sends without a header that has the key. */
function post(running: RunningCollector, path: string, body: unknown, headers = {}): Promise<Response> {
  const bytes = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body)
  return fetch(running.url + path, { method: 'POST', headers, body: bytes })
}
const batch = (running: RunningCollector, events: unknown[], more: object = {}) =>
  post(running, '/batch/', { api_key: writeKey, batch: events, ...more })

test('every path and form of body in which its libraries send is counted', async () => {
  await using running = await startCollector()
  const one = { ...event, api_key: writeKey }
  const ofPage = { event: 'jobs', uuid: 'u1', properties: { token: writeKey, distinct_id: 'd2' } }
  const form = (data: string) => new URLSearchParams({ data }).toString()
  const base64 = Buffer.from(JSON.stringify(ofPage)).toString('base64')
  const sent: [string, unknown, number][] = [
    ['/batch/', { api_key: writeKey, batch: [event] }, 200],
    ['/batch', gzipSync(JSON.stringify({ api_key: writeKey, batch: [event] })), 200],
    ['/capture/', one, 200],
    ['/e/?ip=0&_=1764072000000&ver=1.2&compression=gzip-js', gzipSync(JSON.stringify([ofPage])), 200],
    ['/i/v0/e/?ip=1', ofPage, 200],
    ['/e/?compression=base64', form(base64), 200],
    ['/e/?compression=base64&beacon=1', `data=${base64}`, 204],
    ['/e/', form(JSON.stringify(ofPage)), 200],
  ]
  for (const [path, body, status] of sent) {
    const answer = await post(running, path, body)
    assert.equal(answer.status, status, path)
    if (status === 200) assert.deepEqual(await answer.json(), { status: 'Ok' })
  }
  assert.deepEqual(
    kept(running).map(([id, , feature]) => [id, feature]),
    [...Array(3).fill(['u1', 'services']), ...Array(5).fill(['u1', 'jobs'])],
  )
  assert.match(await running.metrics.registry.metrics(), /accepted_total\{protocol="posthog"\} 8/)
})

test('without the key, or with a wrong one anywhere, it is 401 and nothing is kept', async () => {
  await using running = await startCollector({ settings: { senderKeys: ['phc_project'] } })
  const wrong: [string, unknown, object?][] = [
    ['/batch/', { batch: [event] }],
    ['/batch/', { api_key: 'wrong', batch: [event] }],
    ['/batch/', { api_key: writeKey, batch: [event] }, { authorization: 'Bearer wrong' }],
    ['/e/', [{ ...event, properties: { token: writeKey } }, event]],
    ['/e/', []],
    ['/i/v1/analytics/events', { api_key: writeKey, batch: [event] }],
    ['/flags/', { token: 'wrong' }],
  ]
  for (const [path, body, headers] of wrong) assert.equal((await post(running, path, body, headers)).status, 401, path)
  assert.equal((await fetch(`${running.url}/array/wrong/config`)).status, 401)
  assert.equal(running.log.appends, 0)
  assert.equal((await post(running, '/batch/', { api_key: 'phc_project', batch: [event] })).status, 200)
  assert.equal(running.log.appends, 1)
})

test('pages by path, screens by name; what is about a person is taken and leaves nothing', async () => {
  await using running = await startCollector()
  const about = (name: string, properties: object) => ({ ...event, event: name, properties })
  await batch(running, [
    about('$pageview', { $pathname: '/services/overview', $current_url: 'https://x.example/jobs' }),
    about('$pageview', { $current_url: 'https://x.example/jobs?q=1' }),
    about('$pageview', { $current_url: '/nodes/7' }),
    about('$screen', { $screen_name: 'Nodes' }),
    about('$pageview', { $current_url: 'https://x.example/canary-page' }),
    about('canary event', { version: '2.1', agents: 7, note: 'canary' }),
    ...['$identify', '$set', '$create_alias', '$groupidentify'].map((name) =>
      about(name, { $set: { email: 'canary@example.org' }, $anon_distinct_id: 'canary', $group_key: 'canary' }),
    ),
    { ...event, event: '' },
    7,
  ])
  assert.deepEqual(
    kept(running).map(([, , feature, fields]) => [feature, fields]),
    [
      ['services', {}],
      ['jobs', {}],
      ['nodes', {}],
      ['nodes', {}],
      ['(other)', {}],
      ['(other)', { version: '2.1', agents: 7 }],
    ],
  )
  assert.ok(!running.log.all().some(({ value }) => value.includes('canary')))
  const metrics = await running.metrics.registry.metrics()
  assert.match(metrics, /accepted_total\{protocol="posthog"\} 10/)
  assert.match(metrics, /rejected_total\{reason="feature-missing"\} 1/)
  assert.match(metrics, /rejected_total\{reason="not-an-object"\} 1/)
})

test('time is corrected by when it was sent, unless the event says that it is right', async () => {
  const clock = new ManualClock('2026-11-23T10:00:00Z')
  await using running = await startCollector({ clock })
  const now = clock.now()
  const timestamp = '2031-01-01T00:00:00.000Z'
  await batch(running, [{ ...event, timestamp }, { ...event, offset: 5000 }, event], {
    sent_at: '2031-01-01T00:01:00Z',
  })
  await batch(running, [{ ...event, timestamp: '2026-11-23T09:00:00+00:00', properties: { $ignore_sent_at: true } }], {
    sent_at: '2031-01-01T00:01:00Z',
  })
  const sent = Date.parse('2031-01-01T00:02:00Z')
  await post(running, `/e/?_=${sent}`, { api_key: writeKey, ...event, timestamp })
  await post(running, '/e/?_=7', { api_key: writeKey, ...event, timestamp: '2026-11-23T09:30:00Z' })
  assert.deepEqual(
    kept(running).map(([, time]) => time),
    [now - 60_000, now - 5000, now, now - 3_600_000, now - 120_000, now - 1_800_000],
  )
})

test('heads: the device, else the distinct id, not one that everybody shares or that was made up for one event', async () => {
  const clock = new ManualClock('2026-11-23T10:00:00Z')
  await using running = await startCollector({ clock })
  const madeAt = clock.now().toString(16).padStart(12, '0')
  const uuid7 = `${madeAt.slice(0, 8)}-${madeAt.slice(8)}-7abc-8def-0123456789ab`
  const timestamp = '2026-11-23T10:00:00.200Z'
  const without = { $lib: 'posthog-node', $process_person_profile: false }
  await batch(running, [
    { ...event, properties: { $device_id: 'device' } },
    { ...event, distinct_id: 42 },
    { ...event, distinct_id: '$posthog_cookieless', properties: { $raw_user_agent: 'Mozilla/5.0 (X11)' } },
    { ...event, distinct_id: uuid7, timestamp, properties: without },
    // A page's own lasting identifier, made when it was first opened; and one that a program keeps.
    { ...event, distinct_id: uuid7, timestamp, properties: { ...without, $lib: 'web' } },
    { ...event, distinct_id: 'kept', timestamp, properties: without },
  ])
  assert.deepEqual(
    running
      .records()
      .map(({ unit, route }) => [unit.kind, unit.id.replace('127.0.0.1\0', ''), route])
      .sort(),
    [
      ['device', 'device', 'node'],
      ['device', '42', 'node'],
      ['device', 'kept', 'node'],
      ['address', 'node', 'node'],
      ['address', 'Mozilla/5.0 (X11)', 'browser'],
      ['device', uuid7, 'browser'],
    ].sort(),
  )
})

test('a child’s event is not taken wherever it says so; telemetry switched off is not counted', async () => {
  await using running = await startCollector()
  await batch(running, [
    { ...event, properties: { $set: { age: 9 } } },
    { ...event, $set_once: { child: true } },
    { ...event, properties: { telemetry_enabled: 'false' } },
  ])
  await batch(running, [event], { under13: true })
  assert.equal(running.log.appends, 0)
  assert.match(await running.metrics.registry.metrics(), /rejected_total\{reason="child"\} 3/)
})

test('/i/v1 answers each event by its uuid, and says so of one that cannot be counted', async () => {
  await using running = await startCollector()
  const answer = await post(
    running,
    '/i/v1/analytics/events',
    {
      created_at: '2026-11-25T00:00:00Z',
      batch: [event, { ...event, uuid: '__proto__', event: '' }, { ...event, uuid: 7 }],
    },
    { authorization: `Bearer ${writeKey}` },
  )
  assert.equal(answer.status, 200)
  assert.equal(
    await answer.text(),
    '{"results":{"u1":{"result":"ok"},"__proto__":{"result":"drop","details":"feature-missing"}}}',
  )
  assert.equal(kept(running).length, 2)
})

test('asked for flags or what to do, it says none and only to send events, and reads nothing of whom it is about', async () => {
  await using running = await startCollector()
  const about = { token: writeKey, distinct_id: 'd', person_properties: { email: 'canary@example.org' } }
  for (const path of ['/flags/?v=2', '/flags', '/decide/?v=3']) {
    const answer = await post(running, path, about)
    assert.equal(answer.status, 200)
    const { flags, errorsWhileComputingFlags } = (await answer.json()) as Record<string, unknown>
    assert.deepEqual([flags, errorsWhileComputingFlags], [{}, false])
  }
  const config = await fetch(`${running.url}/array/${encodeURIComponent(writeKey)}/config`)
  assert.equal(((await config.json()) as Record<string, unknown>).sessionRecording, false)
  assert.equal(running.log.appends, 0)
})

test('bodies that are no events are problems, and too many are 413, which makes its libraries send fewer', async () => {
  await using running = await startCollector({ settings: { eventsMax: 2 } })
  const wrong: [unknown, number][] = [
    ['', 400],
    ['{', 400],
    ['7', 400],
    [{ api_key: writeKey, batch: {} }, 400],
    ['data=%zz', 400],
    [`data=${Buffer.from('{').toString('base64')}`, 400],
    [{ api_key: writeKey, batch: [event, event, event] }, 413],
  ]
  for (const [body, status] of wrong) {
    const answer = await post(running, '/batch/', body)
    assert.equal(answer.status, status, JSON.stringify(body))
    assert.equal(answer.headers.get('content-type'), 'application/problem+json')
  }
  assert.equal(running.log.appends, 0)
})
