/**
 * protect: "to protect against unauthorised access". Every endpoint asks for a key or is deliberately public; a key opens what
 * it is for; secrets of others are hashed; guessing is bounded; a proxy with TLS can stand in front.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { request } from 'node:https'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { addPartner } from '../../services/partners/partner-registry.ts'
import { minuteMs } from '../../shared/window.ts'
import { withTemporaryDirectory } from '../fixtures/temporary-directory.ts'
import { askEverything } from '../privacy/answers.ts'
import type { Needle } from '../privacy/canary.ts'
import { NeedleSearch } from '../privacy/needle-search.ts'
import { scanBytes, scanFiles, scanRows } from '../privacy/scan.ts'
import { statusOf, watchRoutes } from '../privacy/scan-routes.ts'
import { WholeInstallation } from '../privacy/whole-installation.ts'
import { startTlsFront } from '../shared/warehouse/tls-front.ts'

/** Open to everybody, and why. What is not here needs a key. */
const open: readonly [route: RegExp, why: string][] = [
  [/^GET \/health\/(live|ready)$/, 'load balancers ask; the answer has no data'],
  [/^GET \/v1\/(catalogue|policy)$/, 'senders are to know what is collected, and by which policy'],
  [
    /^GET \/privacy(\.json|\/policy|\/ledger|\/disclosures)?$/,
    'the public page, what was disclosed, and the head of the ledger',
  ],
  [/^GET \/(docs|openapi\.json|partner\/guide|about)(\/.*)?$/, 'descriptions, the same for everybody'],
  [/^GET \/(dashboard\/:file)?$/, 'the page and its files; what they show is asked for with a session'],
  [/^GET \/api\/v1\/session$/, 'says only who asks: `nobody` without a session'],
  [/^DELETE \/api\/v1\/session$/, 'ends the session of the cookie that comes with it'],
  [/^GET \/tracker\.js$/, 'the tracker, the same for everybody'],
  [/^GET \/array\/:key\/config$/, 'PostHog’s library asks what to switch on, and hears nothing, whatever its key'],
  [/^GET \/v1\/privacy\/access$/, 'who asks is known by a cookie; without one there is nothing to show'],
]

const routes = watchRoutes((app) => void app.get('/planted', async () => 'open'))
let world: WholeInstallation
let key: string
before(async () => {
  world = await WholeInstallation.start()
  const wish = { name: 'Example', datasets: ['feature_usage'], purpose: 'test', until: '2027-01-01' }
  key = (await addPartner(world.headcount.ledger, world.clock, wish, new Set(wish.datasets))).key
})
after(() => world.remove())

/** Of the dialects, the door for choices, the sign-in: what each could be asked with. */
const body = { events: [], batch: [], choice: 'opt-out', device: 'somebody-else', token: 'a', case: 'C' }
const refusals = new Set([401, 403])

test('every route refuses who has no key or a wrong one, but for those that are deliberately public', async () => {
  assert.ok(routes.length > 60, `${routes.length} routes`)
  const forgotten = new Set<string>()
  for (const route of routes) {
    // HEAD is answered as GET is; the other names for it would hide one another.
    const name = `${route.method} ${route.url}`.replace(/(\w)\/$/, '$1').replace(/^HEAD/, 'GET')
    if (open.some(([pattern]) => pattern.test(name))) continue
    // A query that is wrong is told before a key that is missing.
    const url = route.url.endsWith('/links') ? `${route.url}?format=csv` : route.url
    // Or the bound on wrong keys would answer.
    world.clock.advance(minuteMs)
    for (const headers of [{}, { authorization: `Bearer hcp_${'A'.repeat(43)}` }, { authorization: 'Basic eDp4' }])
      if (!refusals.has(await statusOf({ ...route, url }, headers as Record<string, string>, body))) forgotten.add(name)
  }
  assert.deepEqual([...forgotten], ['GET /planted'], 'the control: a route that was left open is told, and no other')
})

test('a key opens what it is for, and nothing else', async () => {
  world.clock.advance(minuteMs)
  const { collectorUrl, reportingUrl, credentials } = world.headcount
  const { writeKey, analystToken, adminToken } = credentials
  const ask = async (url: string, token: string) =>
    (await fetch(url, { headers: { authorization: `Bearer ${token}` } })).status
  const keys = [writeKey, key, analystToken, adminToken]
  for (const [url, ...statuses] of [
    [`${reportingUrl}/api/v1/datasets`, 401, 401, 200, 200],
    [`${reportingUrl}/api/v1/partners`, 401, 401, 401, 200],
    [`${reportingUrl}/metrics`, 401, 401, 401, 200],
    [`${reportingUrl}/partner/v1/datasets`, 401, 200, 401, 401],
    [`${collectorUrl}/v1/operator/keys`, 401, 401, 401, 200],
  ] as const)
    assert.deepEqual(await Promise.all(keys.map((token) => ask(url, token))), statuses, url)
  const send = async (token: string) =>
    (
      await fetch(`${collectorUrl}/v1/events`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
        body: JSON.stringify({ events: [] }),
      })
    ).status
  assert.deepEqual(await Promise.all(keys.map(send)), [200, 401, 401, 401])
})

test('a partner’s key is kept as a hash only, the others in one file of its owner; none is in a row, a line or an answer', async () => {
  const { headcount, dir, lines } = world
  const { writeKey, analystToken, adminToken } = headcount.credentials
  const needle = (text: string): Needle => ({ what: text.slice(0, 4), bytes: Buffer.from(text) })
  const search = new NeedleSearch([key, writeKey, analystToken, adminToken].map(needle))
  const said = await askEverything(headcount, world.clock.now(), [])
  const found = [
    ...(await scanFiles(search, dir)),
    ...(await scanRows(search, headcount.engines)),
    ...scanBytes(search, 'log lines', lines.join('\n')),
    ...said.flatMap(({ where, text }) => scanBytes(search, where, text)),
  ]
  assert.deepEqual(
    found.map(({ where }) => where),
    ['file credentials.json'],
  )
  assert.ok(!(await readFile(path.join(dir, 'credentials.json'), 'utf8')).includes(key))
  assert.equal((await stat(path.join(dir, 'credentials.json'))).mode & 0o077, 0)
  const hashed = new NeedleSearch([needle(createHash('sha256').update(key).digest('hex'))])
  const places = (await scanRows(hashed, headcount.engines)).map(({ where }) => where)
  assert.ok(places.includes('table default.ledger'), `the control: its hash is found where it is: ${places}`)
})

test('guessing is bounded: after some wrong keys an address is told to wait, and one with the right key is answered', async () => {
  world.clock.advance(minuteMs)
  const { reportingUrl, collectorUrl } = world.headcount
  const from = { 'x-forwarded-for': '198.51.100.7' }
  const guess = async () => {
    const headers = { ...from, authorization: `Bearer hcp_${'B'.repeat(43)}` }
    return fetch(`${reportingUrl}/partner/v1/datasets`, { headers })
  }
  const guesses: Response[] = []
  for (let at = 0; at < 200 && guesses.at(-1)?.status !== 429; at++) guesses.push(await guess())
  assert.equal(guesses[0]?.status, 401)
  assert.equal(guesses.at(-1)?.status, 429, `after ${guesses.length} guesses`)
  assert.ok(Number(guesses.at(-1)?.headers.get('retry-after')) > 0)
  const right = await fetch(`${reportingUrl}/partner/v1/datasets`, {
    headers: { ...from, authorization: `Bearer ${key}` },
  })
  assert.equal(right.status, 200)
  const asks = Array.from({ length: 70 }, () =>
    fetch(`${collectorUrl}/v1/privacy/deletion`, { method: 'POST', headers: from, body: '{"device":"somebody"}' }),
  )
  const statuses = (await Promise.all(asks)).map(({ status }) => status)
  assert.deepEqual([...new Set(statuses)].sort(), [403, 429])
})

test('it listens on this machine only; behind a proxy with TLS it is the same, over HTTPS', () =>
  withTemporaryDirectory(async (dir) => {
    const { collectorUrl, credentials } = world.headcount
    assert.equal(new URL(collectorUrl).hostname, '127.0.0.1')
    for (const { app } of routes)
      for (const { address } of [app.server.address()].flatMap((one) => (typeof one === 'object' && one ? [one] : [])))
        assert.equal(address, '127.0.0.1')
    const front = await startTlsFront(dir, Number(new URL(collectorUrl).port))
    try {
      const ca = await readFile(front.caFile)
      const status = await new Promise<number | undefined>((resolve, reject) => {
        const headers = { authorization: `Bearer ${credentials.writeKey}` }
        const sending = request({
          host: '127.0.0.1',
          port: front.port,
          path: '/v1/events',
          method: 'POST',
          ca,
          headers,
        })
        sending.on('response', (answer) => {
          answer.resume()
          resolve(answer.statusCode)
        })
        sending.on('error', reject)
        sending.end('{"events":[]}')
      })
      assert.equal(status, 200)
    } finally {
      front.close()
    }
  }))
