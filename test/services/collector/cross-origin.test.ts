import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig } from '../../../shared/config.ts'
import { event, type RunningCollector, startCollector, writeKey } from './running-collector.ts'

const origin = 'https://ui.example.org'
const listed = { pageOrigins: new Set([origin]) }

function preflight(running: RunningCollector, path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(running.url + path, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type',
      ...headers,
    },
  })
}
const corsOf = ({ headers }: Response): Record<string, string> =>
  Object.fromEntries([...headers].filter(([name]) => name.startsWith('access-control-')))

test('a preflight of every route for events is answered 204, of the page’s own origin, and nothing is kept', async () => {
  await using running = await startCollector()
  for (const path of [
    '/v1/events',
    '/v1/batch',
    '/v1/t',
    '/v1/b',
    '/v1/beacon',
    '/e/',
    '/v1/logs',
    '/v1/cloudevents',
  ]) {
    const answer = await preflight(running, path)
    assert.equal(answer.status, 204, path)
    assert.equal(await answer.text(), '')
    const { 'access-control-max-age': seconds, ...rest } = corsOf(answer)
    assert.ok(Number(seconds) >= 7200)
    assert.equal(rest['access-control-allow-origin'], origin, path)
    assert.match(rest['access-control-allow-methods'] ?? '', /POST/)
    assert.equal(rest['access-control-allow-headers'], 'authorization,content-type')
    assert.equal(rest['access-control-allow-private-network'], undefined)
    assert.match(answer.headers.get('vary') ?? '', /Origin/)
  }
  const settings = await preflight(running, `/v1/projects/${writeKey}/settings`, {
    'access-control-request-method': 'GET',
  })
  assert.match(settings.headers.get('access-control-allow-methods') ?? '', /GET/)
  assert.equal(running.log.appends, 0)
})

test('what is not for events is opened to no other origin: reading is by token, choices by the page itself', async () => {
  await using running = await startCollector()
  for (const path of [
    '/metrics',
    '/privacy',
    '/v1/privacy/choice',
    '/v1/undeclared',
    '/v1/operator/keys',
    '/nowhere',
  ]) {
    for (const answer of [
      await preflight(running, path),
      await fetch(running.url + path, { headers: { origin } }),
      await fetch(running.url + path, { method: 'POST', headers: { origin } }),
    ])
      assert.deepEqual(corsOf(answer), {}, path)
  }
})

test('answers and refusals can be read by the page; cookies may come along where the answer does not depend on them', async () => {
  await using running = await startCollector()
  const native = await running.send({ events: [event] }, { origin })
  assert.deepEqual(corsOf(native), {
    'access-control-allow-origin': origin,
    'access-control-expose-headers': 'Retry-After, Headcount-Policy',
  })
  const refused = await running.send('{}', { origin, authorization: 'Bearer wrong' }, '/v1/t')
  assert.equal(refused.status, 401)
  assert.equal(corsOf(refused)['access-control-allow-origin'], origin)
  assert.equal(corsOf(refused)['access-control-allow-credentials'], 'true')
})

test('with listed origins a page of another one is refused before anything is read; ours, a listed one and programs are not', async () => {
  await using running = await startCollector({ settings: listed })
  const send = (headers: Record<string, string>) => running.send({ events: [event] }, headers)
  for (const other of ['https://evil.example', 'https://ui.example.org:8443', 'null']) {
    const refused = await send({ origin: other, 'sec-fetch-site': 'cross-site' })
    assert.equal(refused.status, 403, other)
    assert.equal(((await refused.json()) as { type: string }).type.split(':').at(-1), 'origin-not-allowed')
    assert.deepEqual(corsOf(refused), {})
    assert.equal((await preflight(running, '/v1/events', { origin: other })).status, 403)
  }
  assert.equal(running.log.appends, 0)
  for (const headers of [
    { origin },
    { origin: 'https://behind.a.proxy', 'sec-fetch-site': 'same-origin' },
    { origin: running.url },
    {},
  ])
    assert.equal((await send(headers as Record<string, string>)).status, 200, JSON.stringify(headers))
  assert.equal(running.log.appends, 4)
  const privately = await preflight(running, '/v1/events', { 'access-control-request-private-network': 'true' })
  assert.equal(privately.headers.get('access-control-allow-private-network'), 'true')
})

test('origins are written as browsers write them, or it is an error at the start', () => {
  const parse = (text: string) => readConfig({ HEADCOUNT_PAGE_ORIGINS: text }).pageOrigins
  assert.equal(parse(''), '*')
  assert.deepEqual(parse('none'), new Set())
  assert.deepEqual(
    parse('https://a.example, http://b.example:8080'),
    new Set(['https://a.example', 'http://b.example:8080']),
  )
  for (const wrong of [
    'https://a.example/',
    'a.example',
    'https://A.example',
    'ftp://a.example',
    '*,https://a.example',
  ])
    assert.throws(() => parse(wrong), /HEADCOUNT_PAGE_ORIGINS must be/, wrong)
})
