import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type RunningCollector, startCollector, writeKey } from '../running-collector.ts'

type Kept = [id: string, time: number, feature: string, fields: Record<string, unknown>]
const ask = (
  running: RunningCollector,
  query: Record<string, string>,
  headers: Record<string, string> = {},
  method = 'GET',
) => fetch(`${running.url}/v1/pixel.gif?${new URLSearchParams({ key: writeKey, ...query })}`, { method, headers })

test('each asking counts once: by feature, by path, or by the page that it stands in; it is a GIF that nothing keeps', async () => {
  await using running = await startCollector()
  for (const [query, referer] of [
    [{ feature: 'services', version: '2.1' }, ''],
    [{ path: '/dashboard/canary' }, 'https://ui.example.org/nodes'],
    [{}, 'https://ui.example.org/nodes?canary=1'],
    [{}, ''],
  ] as const) {
    const answer = await ask(running, query, referer === '' ? {} : { referer })
    assert.equal(answer.status, 200)
    const bytes = Buffer.from(await answer.arrayBuffer())
    assert.equal(bytes.length, 43)
    assert.equal(bytes.subarray(0, 6).toString(), 'GIF89a')
    assert.equal(answer.headers.get('content-type'), 'image/gif')
    assert.equal(answer.headers.get('cache-control'), 'no-store')
    assert.equal(answer.headers.get('set-cookie'), null)
  }
  const kept = running.records().flatMap(({ events }) => events as Kept[])
  assert.deepEqual(
    kept.map(([, , feature, fields]) => [feature, fields]),
    [
      ['services', { version: '2.1' }],
      ['dashboard', {}],
      ['nodes', {}],
      ['(other)', {}],
    ],
  )
  assert.equal(new Set(kept.map(([id]) => id)).size, 4)
  assert.ok(running.records().every(({ route, unit }) => route === 'browser' && unit.kind === 'address'))
  assert.ok(!JSON.stringify(kept).includes('canary'))
})

test('what was asked for ahead, by HEAD, or against a wish is answered and not counted; a wrong key is 401 and a picture', async () => {
  await using running = await startCollector()
  const query = { feature: 'services' }
  for (const headers of [
    { 'sec-purpose': 'prefetch;prerender' },
    { 'sec-gpc': '1' },
    { dnt: '1' },
    { cookie: 'headcount_choice=opt-out' },
  ])
    assert.equal((await ask(running, query, headers as Record<string, string>)).status, 200)
  assert.equal((await ask(running, query, {}, 'HEAD')).status, 200)
  const wrong = await ask(running, { key: 'wrong', ...query })
  assert.equal(wrong.status, 401)
  assert.equal(wrong.headers.get('content-type'), 'image/gif')
  assert.equal(running.log.appends, 0)
  await ask(running, query)
  assert.equal(running.log.appends, 1)
})
