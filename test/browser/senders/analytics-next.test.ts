/** Segment's library for browsers, unchanged but for its host, in Chromium, as DC/OS' UI has it: `window.analytics`. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { removeDirectory, temporaryDirectory } from '../../fixtures/headcount-process.ts'
import { filesHolding } from '../../fixtures/live-folder.ts'
import { faults, unreliableProxy } from '../../senders/unreliable-proxy.ts'
import { launchChromium, newVisitor, type Visitor, visitorWithoutCookies } from '../chromium.ts'
import { bundle } from './bundle.ts'
import { Counting } from './counting.ts'
import { type Site, startSite } from './site.ts'

const library = `import { AnalyticsBrowser } from '@segment/analytics-next'
window.load = (writeKey, cdnURL, options) => {
  window.failures = []
  window.analytics = AnalyticsBrowser.load({ writeKey, cdnURL }, options)
  window.analytics.on('error', (error) => window.failures.push(String(error.reason ?? error)))
}`
const batching = { strategy: 'batching', config: { size: 5, timeout: 300 } }
const modes = { single: {}, batching: { integrations: { 'Segment.io': { deliveryStrategy: batching } } } }

let browser: Browser
let counting: Counting
let site: Site
before(async () => {
  ;[counting, site, browser] = await Promise.all([
    Counting.start(),
    startSite(),
    launchChromium({ backForwardCache: true }),
  ])
  site.page('/analytics.js', await bundle(library))
  site.page('/elsewhere', 'a page that counts nothing')
  for (const mode of ['single', 'batching'] as const)
    site.page(`/${mode}`, page(counting.running.collectorUrl, modes[mode]))
})
after(async () => {
  await browser.close()
  await Promise.all([counting.remove(), site.close()])
})

function page(collectorUrl: string, options: object): string {
  const settings = [counting.writeKey, collectorUrl, options].map((one) => JSON.stringify(one)).join(', ')
  return `<script src="/analytics.js"></script><script>load(${settings})</script>`
}

async function leave({ page, context, complaints }: Visitor, mayComplain = false): Promise<void> {
  if (!mayComplain) assert.deepEqual(complaints, [])
  assert.deepEqual(await page.evaluate('window.failures ?? []'), [])
  await context.close()
}

test('what DC/OS’ UI calls is counted once each, on a page of another site; email and raw path are kept nowhere', async () => {
  const visitor = await newVisitor(browser)
  const { page, requested } = visitor
  await page.goto(`${site.crossSite}/single`)
  await page.evaluate(`
    const uid = 'somebody@canary.example'
    analytics.identify(uid, { email: uid })
    analytics.track('dcos_login', { appVersion: '2.1', email: uid })
    for (const path of ['/services/detail/:id', '/services/detail/%2Fcanary-app/tasks']) {
      const context = { context: { page: { url: '', referrer: '', title: '', path } } }
      analytics.page({ appVersion: '2.1', path, url: '', referrer: '', title: '' }, context)
    }
    analytics.group('canary-group', { name: uid })
    analytics.alias('other@canary.example')
    analytics.track('Something canary-named')`)
  await counting.added({ dcos_login: 1, services: 2, '(other)': 1 })
  const preflights = requested.filter((url) => url.startsWith(counting.running.collectorUrl))
  assert.ok(preflights.length >= 8, 'settings and each of the calls')
  const origins = new Set(requested.map((url) => new URL(url).origin))
  assert.deepEqual([...origins].sort(), [counting.running.collectorUrl, site.crossSite].sort())
  await leave(visitor)
  assert.deepEqual(
    await filesHolding(counting.dataDir, 'canary.example', 'canary-app', 'canary-group', 'canary-named'),
    [],
  )
})

for (const mode of ['single', 'batching'] as const)
  test(`${mode}: refused, dropped and repeated requests lose and double nothing, and it sees no failure`, async (t) => {
    const proxy = await unreliableProxy(counting.running.collectorUrl, {
      seed: 5,
      share: 1,
      inARowMax: 2,
      nameOf: ({ body }) => /"messageId":"([^"]+)"/.exec(body.toString())?.[1] ?? '',
    })
    t.after(() => proxy.close())
    site.page(`/unreliable-${mode}`, page(proxy.url, modes[mode]))
    const visitors = await Promise.all(Array.from({ length: 3 }, () => newVisitor(browser)))
    for (const { page } of visitors) {
      await page.goto(`${site.sameSite}/unreliable-${mode}`)
      await page.evaluate("for (let index = 0; index < 15; index++) analytics.track('Jobs', { index })")
    }
    await counting.added({ jobs: 45 })
    for (const fault of faults) assert.ok(proxy.count(fault) > 0, `no request was ${fault}`)
    for (const visitor of visitors) await leave(visitor, true)
  })

for (const mode of ['single', 'batching'] as const)
  test(`${mode}: what is called while the page goes is counted once, then or by the next page; also from the cache of pages`, async () => {
    const visitor = await newVisitor(browser)
    const { page } = visitor
    await page.goto(`${site.sameSite}/${mode}`)
    await page.evaluate("analytics.track('Services')")
    await counting.added({ services: 1 })
    await page.evaluate("addEventListener('pageshow', ({ persisted }) => { document.title = 'restored ' + persisted })")
    await page.evaluate("for (let index = 0; index < 7; index++) analytics.track('Jobs', { index })")
    await page.goto(`${site.sameSite}/elsewhere`)
    await page.goto(`${site.sameSite}/${mode}?next`)
    await counting.added({ jobs: 7 })
    for (let back = 0; back < 2; back++) await page.goBack({ waitUntil: 'commit' })
    assert.equal(await page.title(), 'restored true', 'the browser has to have kept the page')
    await page.evaluate("analytics.track('Nodes')")
    await counting.added({ nodes: 1 })
    await leave(visitor, true)
  })

test('without a connection what is called waits, and is sent once there is one again', async () => {
  const visitor = await newVisitor(browser)
  const { page, context } = visitor
  await page.goto(`${site.crossSite}/single`)
  await page.evaluate("analytics.track('Services')")
  await counting.added({ services: 1 })
  await context.setOffline(true)
  await page.evaluate("for (let index = 0; index < 5; index++) analytics.track('Jobs', { index })")
  await context.setOffline(false)
  await counting.added({ jobs: 5 })
  await leave(visitor, true)
})

test('where cookies are blocked it is counted all the same; with Global Privacy Control nothing is', async () => {
  const refusing = await newVisitor(browser, { extraHTTPHeaders: { 'Sec-GPC': '1' } })
  await refusing.page.goto(`${site.sameSite}/single`)
  const answered = refusing.page.waitForResponse((response) => response.url().endsWith('/v1/t'))
  await refusing.page.evaluate("analytics.track('Nodes')")
  assert.equal((await answered).status(), 200)
  await counting.added({})
  await leave(refusing)
  const profile = await temporaryDirectory()
  const blocking = await visitorWithoutCookies(profile)
  await blocking.page.goto(`${site.sameSite}/single`)
  await blocking.page.evaluate("analytics.track('Services')")
  await counting.added({ services: 1 })
  assert.deepEqual(await blocking.context.cookies(), [])
  await leave(blocking, true)
  await removeDirectory(profile)
})

test('nothing came late', async () => {
  await counting.added({})
})
