/** Plausible's tracker, unchanged but for its endpoint, in Chromium, on a page of another site. It sends nothing again. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { removeDirectory, temporaryDirectory } from '../../fixtures/headcount-process.ts'
import { faults, unreliableProxy } from '../../senders/unreliable-proxy.ts'
import { launchChromium, newVisitor, visitorWithoutCookies } from '../chromium.ts'
import { bundle } from './bundle.ts'
import { Counting } from './counting.ts'
import { type Site, startSite } from './site.ts'

const domain = 'ui.example.org'
const library = `import { init, track } from '@plausible-analytics/tracker'
window.start = (domain, endpoint) => init({ domain, endpoint, captureOnLocalhost: true })
window.tracked = (name, props) => new Promise((callback) => track(name, { props, callback }))`

let browser: Browser
let counting: Counting
let site: Site
before(async () => {
  ;[counting, site, browser] = await Promise.all([
    Counting.start({ HEADCOUNT_SENDER_KEYS: domain }),
    startSite(),
    launchChromium({ backForwardCache: true }),
  ])
  const endpoint = `${counting.running.collectorUrl}/api/event`
  site.page('/plausible.js', await bundle(library))
  site.page('/services', `<script src="/plausible.js"></script><script>start('${domain}', '${endpoint}')</script>`)
  site.page('/elsewhere', 'a page that counts nothing')
})
after(async () => {
  await browser.close()
  await Promise.all([counting.remove(), site.close()])
})

test('views, pages of an application, events and a page from the cache of pages count once; it sees success, and no cookie is set', async () => {
  const visitor = await newVisitor(browser)
  const { page, context, complaints } = visitor
  await page.goto(`${site.crossSite}/services?email=canary@canary.example`)
  await counting.added({ services: 1 })
  assert.deepEqual(await page.evaluate("tracked('Jobs', { version: '2.1', email: 'canary@canary.example' })"), {
    status: 202,
  })
  await page.evaluate("history.pushState({}, '', '/nodes/canary')")
  await counting.added({ jobs: 1, nodes: 1 })
  await page.evaluate("addEventListener('pageshow', ({ persisted }) => { document.title = 'restored ' + persisted })")
  await page.evaluate("addEventListener('pagehide', () => void tracked('Secrets'))")
  await page.goto(`${site.crossSite}/elsewhere`)
  await counting.added({ secrets: 1 })
  await page.goBack({ waitUntil: 'commit' })
  assert.equal(await page.title(), 'restored true', 'the browser has to have kept the page')
  await counting.added({ nodes: 1 })
  assert.deepEqual(await context.cookies(), [])
  assert.deepEqual(complaints, [])
  // A context that is closed may end the page before what it sends as it goes is on its way.
  await page.close({ runBeforeUnload: true })
  await counting.added({ secrets: 1 })
  await context.close()
})

test('what is refused or dropped is lost, as it sends nothing again; every request that was taken is one event', async (t) => {
  const proxy = await unreliableProxy(counting.running.collectorUrl, { seed: 9, share: 0.7, inARowMax: 4 })
  t.after(() => proxy.close())
  const endpoint = `${proxy.url}/api/event`
  site.page('/catalog', `<script src="/plausible.js"></script><script>start('${domain}', '${endpoint}')</script>`)
  const { page, context } = await newVisitor(browser)
  await page.goto(`${site.sameSite}/catalog`)
  const told: { status?: number }[] = []
  for (let index = 0; index < 20; index++) told.push(await page.evaluate("tracked('Jobs')"))
  await context.close()
  for (const fault of faults) assert.ok(proxy.count(fault) > 0, `no request was ${fault}`)
  // By what the proxy saw: a browser may repeat a request by itself on a connection that it had used before.
  const seen = (name: string, ...fates: readonly string[]) =>
    proxy.seen.filter(({ body, fate }) => JSON.parse(body.toString()).n === name && fates.includes(fate)).length
  const taken = ['passed', 'dropped-after']
  const views = seen('pageview', ...taken)
  await counting.added({ jobs: seen('Jobs', ...taken), ...(views > 0 && { catalog: views }) })
  assert.equal(told.filter(({ status }) => status === 202).length, seen('Jobs', 'passed'))
})

test('where cookies are blocked it is counted all the same; with Global Privacy Control nothing is', async () => {
  const refusing = await newVisitor(browser, { extraHTTPHeaders: { 'Sec-GPC': '1' } })
  await refusing.page.goto(`${site.sameSite}/services`)
  assert.deepEqual(await refusing.page.evaluate("tracked('Jobs')"), { status: 202 })
  await counting.added({})
  await refusing.context.close()
  const profile = await temporaryDirectory()
  const blocking = await visitorWithoutCookies(profile)
  await blocking.page.goto(`${site.sameSite}/services`)
  await counting.added({ services: 1 })
  await blocking.context.close()
  await removeDirectory(profile)
})

test('nothing came late', async () => {
  await counting.added({})
})
