import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '../../../../shared/clock.ts'
import { type RunningCollector, startCollector } from '../running-collector.ts'

const domain = 'docs.example.org'
const settings = { senderKeys: [domain] }
const browser = { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64)', 'content-type': 'text/plain' }
const view = { n: 'pageview', u: 'https://docs.example.org/services/overview', d: domain, r: 'https://canary.example' }

function post(running: RunningCollector, body: unknown, headers: Record<string, string> = browser): Promise<Response> {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return fetch(`${running.url}/api/event`, { method: 'POST', headers, body: text })
}
const kept = (running: RunningCollector) =>
  running.records().flatMap(({ events }) => (events as unknown[][]).map(([, , feature, fields]) => [feature, fields]))

test('short and long names, labelled as text or as JSON, are answered with 202 and counted by path or name', async () => {
  await using running = await startCollector({ settings })
  const long = { name: 'pageview', url: 'https://docs.example.org/jobs?q=canary', domain, referrer: 'canary' }
  const sent: [object, Record<string, string>?][] = [
    [view],
    [long, { ...browser, 'content-type': 'application/json' }],
    [{ ...view, u: 'https://docs.example.org/#/nodes/canary', h: 1 }],
    [{ ...view, u: 'https://docs.example.org/nodes#canary', h: 1 }],
    [
      {
        ...view,
        n: 'dcos_login',
        p: { version: '2.1', email: 'canary@example.org', agents: '7' },
        $: { amount: 'canary' },
      },
    ],
    [{ ...long, name: 'Package install canary', props: '{"variant":"open","x":"canary"}' }],
    [{ ...view, u: 'https://docs.example.org/canary' }],
    [{ ...view, d: `other.example, ${domain}` }],
  ]
  for (const [body, headers] of sent) {
    const answer = await post(running, body, headers)
    assert.deepEqual([answer.status, await answer.text()], [202, 'ok'])
  }
  assert.deepEqual(kept(running), [
    ['services', {}],
    ['jobs', {}],
    ['nodes', {}],
    ['nodes', {}],
    ['dcos_login', { version: '2.1', agents: 7 }],
    ['(other)', { variant: 'open' }],
    ['(other)', {}],
    ['services', {}],
  ])
  assert.ok(!running.log.all().some(({ value }) => value.includes('canary')))
})

test('a visitor is an address and a user agent; the same page looked at twice is two events', async () => {
  const clock = new ManualClock('2026-11-23T10:00:00Z')
  await using running = await startCollector({ settings, clock })
  await post(running, view)
  clock.advance(1)
  await post(running, view)
  const records = running.records()
  assert.deepEqual(
    records.map(({ unit, route }) => [unit.kind, route]),
    [
      ['address', 'browser'],
      ['address', 'browser'],
    ],
  )
  assert.equal(new Set(records.map(({ events }) => (events[0] as string[])[0])).size, 2)
})

test('how long a page was looked at is taken and leaves nothing; so do privacy signals; a child’s event is not taken', async () => {
  await using running = await startCollector({ settings })
  assert.equal((await post(running, { ...view, n: 'engagement', sd: 50, e: 1000 })).status, 202)
  assert.equal((await post(running, view, { ...browser, 'sec-gpc': '1' })).status, 202)
  assert.equal((await post(running, { ...view, p: { age: 9 } })).status, 202)
  assert.equal((await post(running, { ...view, p: { telemetry_enabled: false } })).status, 202)
  assert.equal(running.log.appends, 0)
  const metrics = await running.metrics.registry.metrics()
  assert.match(metrics, /accepted_total\{protocol="plausible"\} 1/)
  assert.match(metrics, /rejected_total\{reason="child"\} 1/)
})

test('a domain that is no sender key is 401; what is no event is 400; nothing of it is kept', async () => {
  await using running = await startCollector({ settings })
  const tries: [unknown, number][] = [
    [{ ...view, d: 'other.example' }, 401],
    [{ ...view, d: undefined }, 401],
    [{ ...view, d: 7 }, 401],
    [{ ...view, n: '' }, 400],
    [{ ...view, n: { canary: 1 } }, 400],
    [[view], 400],
    ['{', 400],
    ['', 400],
  ]
  for (const [body, status] of tries) {
    const answer = await post(running, body)
    assert.equal(answer.status, status, JSON.stringify(body))
    assert.ok(!(await answer.text()).includes('canary'))
  }
  assert.equal((await post(running, view, { ...browser, authorization: 'Bearer wrong' })).status, 401)
  assert.equal(running.log.appends, 0)
})
