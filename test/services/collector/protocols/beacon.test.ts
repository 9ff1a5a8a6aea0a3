import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '../../../../shared/clock.ts'
import { type RunningCollector, startCollector, writeKey } from '../running-collector.ts'

const now = Date.UTC(2026, 10, 25, 12)
type Kept = [id: string, time: number, feature: string, fields: Record<string, unknown>]
const kept = (running: RunningCollector): Kept[] => running.records().flatMap(({ events }) => events as Kept[])
const send = (running: RunningCollector, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${running.url}/v1/beacon`, {
    method: 'POST',
    headers: { 'content-type': 'text/plain;charset=UTF-8', 'sec-fetch-site': 'same-site', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
const of = (...events: unknown[]) => ({ key: writeKey, events })

test('features and pages, declared fields and when it was by our clock; an answer without a body', async () => {
  await using running = await startCollector({ clock: new ManualClock(now) })
  const answer = await send(
    running,
    of(
      { id: 'e1', feature: 'services', ago: 5000, version: '2.1', email: 'canary@canary.example' },
      { id: 'e2', path: '/dashboard/canary', ago: 0 },
      { id: 'e3', path: '/canary', ago: -7 },
      { id: 'e4', feature: 'canary' },
    ),
  )
  assert.equal(answer.status, 204)
  assert.equal(await answer.text(), '')
  assert.deepEqual(kept(running), [
    ['e1', now - 5000, 'services', { version: '2.1' }],
    ['e2', now, 'dashboard', {}],
    ['e3', now, '(other)', {}],
    ['e4', now, '(other)', {}],
  ])
  assert.ok(!JSON.stringify(running.records()).includes('canary'))
})

test('no cookie is read or set unless the page asks for it; then it counts by the cookie', async () => {
  await using running = await startCollector()
  const cookie = `headcount=${'A'.repeat(22)}`
  const event = { id: 'e1', feature: 'services' }
  const unasked = await send(running, of(event))
  const withOne = await send(running, of(event), { cookie })
  assert.deepEqual(
    [unasked, withOne].map(({ headers }) => headers.get('set-cookie')),
    [null, null],
  )
  assert.deepEqual(
    running.records().map(({ unit }) => unit.kind),
    ['address', 'address'],
  )
  const asked = await send(running, { ...of(event), cookie: true })
  assert.match(asked.headers.get('set-cookie') ?? '', /^headcount=.*HttpOnly; SameSite=Lax$/)
  await send(running, { ...of(event), cookie: true }, { cookie })
  assert.deepEqual(
    running
      .records()
      .map(({ unit }) => unit.kind)
      .slice(2),
    ['address', 'cookie'],
  )
})

test('privacy signals and the choice in a cookie leave nothing, and the answer is the same', async () => {
  await using running = await startCollector()
  for (const headers of [{ 'sec-gpc': '1' }, { dnt: '1' }, { cookie: 'headcount_choice=opt-out' }]) {
    const answer = await send(running, of({ id: 'e1', feature: 'services' }), headers as Record<string, string>)
    assert.equal(answer.status, 204)
    assert.equal(answer.headers.get('set-cookie'), null)
  }
  await send(running, of({ id: 'e2', feature: 'services', child: true }))
  assert.equal(running.log.appends, 0)
  await send(running, of({ id: 'e3', feature: 'services' }))
  assert.equal(running.log.appends, 1)
})

test('a wrong key, or what is no list of events, is a problem; an event that is none leaves the others', async () => {
  await using running = await startCollector({ settings: { senderKeys: ['docs.example.org'] } })
  for (const [body, status] of [
    [{ key: 'wrong', events: [] }, 401],
    [{ events: [] }, 401],
    [{ key: writeKey }, 400],
    ['[]', 400],
    ['{', 400],
    [`{"key":"${writeKey}","events":[${'"x",'.repeat(20_000)}1]}`, 413],
  ] as const)
    assert.equal((await send(running, body)).status, status, JSON.stringify(body).slice(0, 60))
  assert.equal(running.log.appends, 0)
  const some = { key: 'docs.example.org', events: [7, { id: 'e1' }, { id: 'e2', feature: 'services' }] }
  assert.equal((await send(running, some)).status, 204)
  assert.deepEqual(
    kept(running).map(([id]) => id),
    ['e2'],
  )
  assert.match(await running.metrics.registry.metrics(), /rejected_total\{reason="feature-missing"\} 1/)
})
