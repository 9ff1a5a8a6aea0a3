import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cookieIdentifier, isBrowser, newCookie } from '../../../services/collector/browser-cookie.ts'
import { event, startCollector } from './running-collector.ts'

const { device: _, ...anonymous } = event
const inBrowser = { origin: 'https://dcos.example', 'user-agent': 'Mozilla/5.0' }
const given = 'AAAAAAAAAAAAAAAAAAAAAA'

test('a new cookie has 128 random bits and every protection', () => {
  const cookie = newCookie(180)
  assert.match(cookie, /^headcount=[\w-]{22}; Path=\/; Max-Age=15552000; Secure; HttpOnly; SameSite=Lax$/)
  assert.notEqual(newCookie(180), cookie)
})

test('only a cookie that we can have given is read', () => {
  assert.equal(cookieIdentifier({ cookie: `a=b; headcount=${given}; c=d` }), given)
  assert.equal(cookieIdentifier({ cookie: `headcount=bad; headcount=${given}` }), given)
  for (const cookie of [
    'headcount=',
    `headcount=${given}x`,
    `xheadcount=${given}`,
    'headcount',
    `headcount=${given.slice(1)}!`,
  ])
    assert.equal(cookieIdentifier({ cookie }), undefined, cookie)
  assert.equal(cookieIdentifier({}), undefined)
})

test('browsers are told by Origin, Sec-Fetch-Site, or Sec-Fetch-Mode with their user agent', () => {
  assert.ok(isBrowser({ 'sec-fetch-mode': 'cors', 'user-agent': 'Mozilla/5.0' }))
  assert.ok(isBrowser({ 'sec-fetch-site': 'same-origin' }))
  assert.ok(isBrowser({ origin: 'null' }))
  assert.ok(!isBrowser({ 'user-agent': 'Mozilla/5.0' }))
  assert.ok(!isBrowser({ 'sec-fetch-mode': 'cors', 'user-agent': 'node' }), "Node's fetch")
})

test('a browser without an identifier is given a cookie, and counted by address this once', async () => {
  await using running = await startCollector()
  const answer = await running.send({ events: [anonymous] }, inBrowser)
  assert.match(answer.headers.get('set-cookie') ?? '', /^headcount=/)
  assert.deepEqual(
    running.records().map(({ unit, route }) => [unit.kind, unit.id, route]),
    [['address', '127.0.0.1\0Mozilla/5.0', 'browser']],
  )
})

test('the cookie it brings back is its identifier', async () => {
  await using running = await startCollector()
  const answer = await running.send({ events: [anonymous] }, { ...inBrowser, cookie: `headcount=${given}` })
  assert.equal(answer.headers.get('set-cookie'), null)
  assert.deepEqual(running.records()[0]?.unit, { kind: 'cookie', id: given })
})

test('a cookie that is not ours is replaced and not used', async () => {
  await using running = await startCollector()
  const answer = await running.send({ events: [anonymous] }, { ...inBrowser, cookie: 'headcount=tracked-by-someone' })
  assert.match(answer.headers.get('set-cookie') ?? '', /^headcount=/)
  assert.equal(running.records()[0]?.unit.kind, 'address')
})

test('no cookie for programs, for events with a device, for pages of other sites, or when switched off', async () => {
  await using running = await startCollector()
  const { url, send } = running
  assert.ok(url)
  assert.equal((await send({ events: [anonymous] })).headers.get('set-cookie'), null)
  assert.equal((await send({ events: [event] }, inBrowser)).headers.get('set-cookie'), null)
  const other = { ...inBrowser, 'sec-fetch-site': 'cross-site' }
  assert.equal((await send({ events: [anonymous] }, other)).headers.get('set-cookie'), null)
  await using off = await startCollector({ settings: { cookie: false } })
  const answer = await off.send({ events: [anonymous] }, { ...inBrowser, cookie: `headcount=${given}` })
  assert.equal(answer.headers.get('set-cookie'), null)
  assert.equal(off.records()[0]?.unit.kind, 'address')
})
