/**
 * collect-cookie: "“Cookies” are identifiers we transfer to your browser". In Chromium, with cookies on, refused, cleared and
 * switched off by the operator.
 */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { launchChromium, newVisitor, visitorWithoutCookies } from '../browser/chromium.ts'
import { counted, SendingPage } from '../browser/sending-page.ts'
import { withTemporaryDirectory } from '../fixtures/temporary-directory.ts'
import { WholeInstallation } from '../privacy/whole-installation.ts'

let browser: Browser
let world: WholeInstallation
before(async () => {
  browser = await launchChromium()
})
beforeEach(async () => {
  await world?.remove()
  world = await WholeInstallation.start()
})
after(async () => {
  await browser.close()
  await world.remove()
})

const cookieOf = ({ headers }: { headers: Record<string, string> }) =>
  /^headcount=([^;]*);/.exec(headers['set-cookie'] ?? '')?.[1]

test('with cookies on: one random cookie of our own, out of reach of scripts, with a bounded life; then one device', async () => {
  const visitor = await newVisitor(browser)
  const page = new SendingPage(world, visitor)
  const first = cookieOf(await page.visit())
  assert.match(first ?? '', /^[A-Za-z0-9_-]{22}$/)
  const cookies = await visitor.context.cookies()
  const [cookie] = cookies
  assert.equal(cookies.length, 1)
  assert.deepEqual(
    [cookie?.name, cookie?.value, cookie?.secure, cookie?.httpOnly, cookie?.sameSite, cookie?.path, cookie?.domain],
    ['headcount', first, true, true, 'Lax', '/', '127.0.0.1'],
  )
  const days = ((cookie?.expires ?? 0) - Date.now() / 1000) / 86_400
  assert.ok(days > 179 && days <= 180, `it lives ${days} days`)
  assert.equal(await visitor.page.evaluate('document.cookie'), '')
  // The first visit is counted by address; from then on the cookie makes all visits one device, however they send.
  for (const way of ['fetch', 'beacon', 'fetch'] as const) assert.equal(cookieOf(await page.visit(way)), undefined)
  assert.deepEqual(await counted(world, 'day'), [4, 2])
  assert.deepEqual(await counted(world, 'week'), [4, 1])
  await visitor.context.close()
})

test('two browsers have two cookies; one that clears its cookies is another device, and nothing links the two', async () => {
  const [one, other] = [await newVisitor(browser), await newVisitor(browser)]
  const values = [
    cookieOf(await new SendingPage(world, one).visit()),
    cookieOf(await new SendingPage(world, other).visit()),
  ]
  await new SendingPage(world, one).visit()
  await one.context.clearCookies()
  values.push(cookieOf(await new SendingPage(world, one).visit()))
  assert.equal(new Set(values).size, 3)
  assert.ok(values.every((value) => value !== undefined))
  await new SendingPage(world, one).visit()
  assert.deepEqual(await counted(world, 'week'), [5, 2])
  for (const { context } of [one, other]) await context.close()
})

test('with cookies refused it is counted all the same, once a day, and never by a cookie', () =>
  withTemporaryDirectory(async (dir) => {
    const visitor = await visitorWithoutCookies(dir)
    const page = new SendingPage(world, visitor)
    const offered = [await page.visit(), await page.visit('beacon'), await page.visit()].map(cookieOf)
    assert.deepEqual(await visitor.context.cookies(), [])
    assert.ok(
      offered.every((value) => value !== undefined),
      'it is offered one each time, and sends none',
    )
    assert.deepEqual(await counted(world, 'day'), [3, 1])
    assert.deepEqual(await counted(world, 'week'), [3, 0])
    await visitor.context.close()
  }))

test('off with one setting: no browser is offered one, and one that has an old one is not counted by it', async () => {
  const visitor = await newVisitor(browser)
  await new SendingPage(world, visitor).visit()
  assert.equal((await visitor.context.cookies()).length, 1, 'the control: on, there is one')
  world.settings.HEADCOUNT_COOKIE = 'off'
  await world.restart()
  const fresh = await newVisitor(browser)
  for (const one of [visitor, fresh])
    for (let visit = 0; visit < 2; visit++) assert.equal(cookieOf(await new SendingPage(world, one).visit()), undefined)
  assert.deepEqual(await fresh.context.cookies(), [])
  // All are at one address with one user agent, which is all that there is to count them by.
  assert.deepEqual(await counted(world, 'day'), [5, 1])
  assert.deepEqual(await counted(world, 'week'), [5, 0])
  for (const { context } of [visitor, fresh]) await context.close()
})

for (const [what, options] of [
  ['Global Privacy Control', { extraHTTPHeaders: { 'Sec-GPC': '1' } }],
  ['Do Not Track', { extraHTTPHeaders: { DNT: '1' } }],
] as const)
  test(`with ${what} on it is neither counted nor offered a cookie`, async () => {
    const visitor = await newVisitor(browser, options)
    for (const way of ['fetch', 'beacon'] as const)
      assert.equal(cookieOf(await new SendingPage(world, visitor).visit(way)), undefined)
    assert.deepEqual(await visitor.context.cookies(), [])
    assert.deepEqual(await counted(world, 'day'), [0, 0])
    const control = await newVisitor(browser)
    await new SendingPage(world, control).visit()
    assert.deepEqual(await counted(world, 'day'), [1, 1])
    for (const { context } of [visitor, control]) await context.close()
  })
