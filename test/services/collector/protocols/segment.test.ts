import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { Analytics } from '@segment/analytics-node'
import { parseCatalogue } from '../../../../shared/catalogue-file.ts'
import { ManualClock } from '../../../../shared/clock.ts'
import { type RunningCollector, startCollector, writeKey } from '../running-collector.ts'

const basic = { authorization: `Basic ${Buffer.from(`${writeKey}:`).toString('base64')}` }
const track = { type: 'track', anonymousId: 'a1', event: 'services', messageId: 'm1' }
type KeptEvent = [id: string, time: number, feature: string, fields: Record<string, unknown>]

const kept = (running: RunningCollector): KeptEvent[] =>
  running.records().flatMap(({ events }) => events as KeptEvent[])
const batch = (running: RunningCollector, items: unknown[], more: object = {}): Promise<Response> =>
  running.send({ batch: items, ...more }, basic, '/v1/batch')

test('@segment/analytics-node works with nothing changed but the host', async () => {
  await using running = await startCollector()
  const analytics = new Analytics({ host: running.url, writeKey, maxRetries: 0 })
  const errors: unknown[] = []
  analytics.on('error', (error) => errors.push(error))
  analytics.identify({ userId: 'canary-user', traits: { email: 'canary@example.org' } })
  analytics.track({ userId: 'canary-user', anonymousId: 'a1', event: 'services', properties: { version: '2.1' } })
  analytics.page({ anonymousId: 'a1', properties: { path: '/dashboard/x' } })
  analytics.screen({ userId: 'u1', name: 'Nodes' })
  analytics.group({ userId: 'u1', groupId: 'g' })
  analytics.alias({ userId: 'u1', previousId: 'u0' })
  await analytics.closeAndFlush()
  assert.deepEqual(errors, [])
  assert.deepEqual(
    running
      .records()
      .map(({ unit, route }) => [unit.kind, unit.id, route])
      .sort(),
    [
      ['device', 'a1', 'node'],
      ['device', 'u1', 'node'],
    ],
  )
  assert.deepEqual(
    kept(running)
      .map(([, , feature, fields]) => [feature, fields])
      .sort(),
    [
      ['dashboard', {}],
      ['nodes', {}],
      ['services', { version: '2.1' }],
    ],
  )
  assert.ok(!running.log.all().some(({ value }) => value.includes('canary')))
})

test('each call has its own path; identify, group and alias leave nothing', async () => {
  await using running = await startCollector()
  const { type: _, ...item } = { ...track, name: 'services', properties: { path: '/services' } }
  for (const call of ['track', 'page', 'screen', 'identify', 'group', 'alias']) {
    const answer = await running.send({ ...item, messageId: call }, basic, `/v1/${call}`)
    assert.equal(answer.status, 200)
    assert.equal(await answer.text(), '{"success":true}')
  }
  assert.deepEqual(
    kept(running).map(([id, , feature]) => [id, feature]),
    [
      ['track', 'services'],
      ['page', 'services'],
      ['screen', 'services'],
    ],
  )
})

test('the key may be Basic, Bearer or in the body; a wrong one is 401 with code and message', async () => {
  await using running = await startCollector()
  const send = (headers: Record<string, string>, more: object): Promise<Response> =>
    fetch(`${running.url}/v1/batch`, { method: 'POST', headers, body: JSON.stringify({ batch: [track], ...more }) })
  assert.equal((await send(basic, {})).status, 200)
  assert.equal((await send({ authorization: `Bearer ${writeKey}` }, {})).status, 200)
  assert.equal((await send({}, { writeKey })).status, 200)
  for (const [headers, more] of [
    [{}, {}],
    [{}, { writeKey: 'wrong' }],
    [{ authorization: 'Basic d3Jvbmc6' }, { writeKey }],
    [{ authorization: 'Basic !' }, {}],
  ] as [Record<string, string>, object][]) {
    const answer = await send(headers, more)
    assert.equal(answer.status, 401)
    assert.match(answer.headers.get('www-authenticate') ?? '', /^Basic/)
    const problem = (await answer.json()) as { code: string; message: string }
    assert.ok(problem.code === 'unauthorized' && problem.message.length > 0)
  }
  assert.equal(running.log.appends, 3)
})

test('dcos-signal: cluster reports count the cluster, its version is environmentVersion', async () => {
  const clock = new ManualClock('2019-10-11T15:00:00Z')
  await using running = await startCollector({ clock })
  const report = {
    properties: {
      clusterId: 'c-uuid',
      customerKey: 'canary',
      environmentVersion: '1.13.5',
      provider: 'aws',
      task_count: 3,
    },
    anonymousId: 'c-uuid',
    event: 'mesos_track',
    type: 'track',
    messageId: 'm1',
    timestamp: '2019-10-11T14:40:54+0000',
  }
  const context = { library: { name: 'analytics-go', version: '2.1.0' } }
  await batch(running, [report], { context, sentAt: '2019-10-11T14:40:55+0000' })
  const [record] = running.records()
  assert.deepEqual([record?.unit, record?.route], [{ kind: 'cluster', id: 'c-uuid' }, 'node'])
  const time = Date.parse('2019-10-11T14:59:59Z')
  assert.deepEqual(record?.events, [['m1', time, 'mesos_track', { version: '1.13.5', provider: 'aws' }]])
})

test("event time is the sender's, corrected by sentAt; received time where there is none to be had", async () => {
  const clock = new ManualClock('2026-11-23T10:00:00Z')
  await using running = await startCollector({ clock })
  const times = ['2031-01-01T00:00:00Z', undefined, 'yesterday', 7, null]
  const items = times.map((timestamp) => ({ ...track, timestamp }))
  await batch(running, items, { sentAt: '2031-01-01T00:01:00Z' })
  await batch(running, [{ ...track, timestamp: '2026-11-23T09:00:00.5Z' }])
  await batch(running, [{ ...track, timestamp: '1970-01-01T00:00:00Z' }], { sentAt: '2100-01-01T00:00:00Z' })
  const now = clock.now()
  assert.deepEqual(
    kept(running).map(([, time]) => time),
    [now - 60_000, now, now, now, now, Date.parse('2026-11-23T09:00:00.500Z'), now],
  )
})

test('names map by id, alias or normalised name; pages by path or URL; others are (other)', async () => {
  const catalogue = parseCatalogue(
    `
version: "1"
features:
  - { id: package_list, title: Packages, events: ["Listed Packages"] }
  - { id: blog, title: Blog, paths: [/blog] }
dimensions: [{ id: feature, title: Feature, from: feature }]
datasets: [{ id: usage, title: Usage, dimensions: [feature] }]
`,
    'test',
  )
  await using running = await startCollector({ catalogue })
  const items = [
    ...[
      'package_list',
      'Package List',
      'package-list',
      'Listed Packages',
      'listed-packages',
      'unknown',
      '__proto__',
    ].map((event) => ({ ...track, event })),
    ...[
      { path: '/blog/post' },
      { url: 'https://x.example/blog?q=1' },
      { path: '/other' },
      { url: 'not a url' },
      {},
    ].map((properties) => ({ ...track, type: 'page', event: undefined, properties })),
  ]
  await batch(running, items)
  const list = Array(5).fill('package_list')
  const expected = [...list, '(other)', '(other)', 'blog', 'blog', '(other)', '(other)', '(other)']
  assert.deepEqual(
    kept(running).map(([, , feature]) => feature),
    expected,
  )
})

test('what cannot be counted is left out, and the answer is success', async () => {
  await using running = await startCollector()
  const items = [7, null, {}, { ...track, event: 7 }, { ...track, anonymousId: 'a\0b' }, { ...track, type: 'unknown' }]
  const cluster = { ...track, event: 'health' }
  const answer = await batch(running, [
    ...items,
    cluster,
    { ...track, properties: { version: {}, agents: 'x', variant: 'open' } },
  ])
  assert.deepEqual(await answer.json(), { success: true })
  assert.deepEqual(
    kept(running).map(([, , , fields]) => fields),
    [{ variant: 'open' }],
  )
  assert.match(await running.metrics.registry.metrics(), /rejected_total\{reason="cluster-missing"\} 1/)
})

test('without a messageId the same body has the same id, another item another', async () => {
  await using running = await startCollector()
  const { messageId: _, ...item } = track
  for (let round = 0; round < 2; round++) await batch(running, [item, { ...item, event: 'jobs' }])
  const ids = kept(running).map(([id]) => id)
  assert.deepEqual(ids.slice(0, 2), ids.slice(2))
  assert.notEqual(ids[0], ids[1])
})

test('devices are anonymousId, else userId, else cookie or address; browsers are told by their context', async () => {
  await using running = await startCollector()
  const { anonymousId: _, ...item } = track
  await batch(running, [
    track,
    { ...item, userId: 42 },
    { ...item, context: { userAgent: 'Mozilla/5.0 (X11)', ip: '192.0.2.99' } },
    { ...track, context: { library: { name: 'analytics.js' } } },
    { ...track, context: { userAgent: 'x'.repeat(2000) } },
  ])
  const seen = running.records().map(({ unit, route, userAgent }) => [unit.kind, unit.id, route, userAgent])
  assert.deepEqual(seen.sort(), [
    ['address', '127.0.0.1\0Mozilla/5.0 (X11)', 'browser', 'Mozilla/5.0 (X11)'],
    ['device', '42', 'node', 'node'],
    ['device', 'a1', 'browser', 'node'],
    ['device', 'a1', 'node', 'node'],
  ])
  assert.ok(!running.log.all().some(({ value }) => value.includes('192.0.2.99')))
})

test("Segment's limits: 32 KiB an event, 500 KiB a batch, answered as 400 with code and message", async () => {
  await using running = await startCollector()
  const large = { ...track, properties: { note: 'x'.repeat(33 * 1024) } }
  const many = Array(20).fill({ ...track, properties: { note: 'x'.repeat(30 * 1024) } })
  const deep = `{"batch":[{"properties":${'['.repeat(40)}${']'.repeat(40)}}]}`
  const gzipped = gzipSync(JSON.stringify({ batch: many }))
  for (const body of [
    JSON.stringify({ batch: [track, large] }),
    JSON.stringify({ batch: many }),
    gzipped,
    deep,
    '{',
    '[]',
    '{}',
  ]) {
    const answer = await running.send(body, basic, '/v1/batch')
    assert.equal(answer.status, 400)
    const problem = (await answer.json()) as Record<string, unknown>
    assert.ok(typeof problem.code === 'string' && typeof problem.message === 'string' && problem.status === 400)
  }
  assert.equal(running.log.appends, 0)
})
