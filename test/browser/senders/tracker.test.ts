/** Our own script for pages, in Chromium, on pages of another origin than the installation's. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { removeDirectory, temporaryDirectory } from '../../fixtures/headcount-process.ts'
import { faults, unreliableProxy } from '../../senders/unreliable-proxy.ts'
import { launchChromium, newVisitor, type Visitor, visitorWithoutCookies } from '../chromium.ts'
import { Counting } from './counting.ts'
import { type Site, startSite } from './site.ts'

let browser: Browser
let counting: Counting
let site: Site
before(async () => {
  ;[counting, site, browser] = await Promise.all([
    Counting.start(),
    startSite(),
    launchChromium({ backForwardCache: true }),
  ])
  const { collectorUrl } = counting.running
  for (const path of ['/dashboard', '/nodes', '/jobs']) site.page(path, tag(collectorUrl))
  site.page('/elsewhere', 'a page that counts nothing')
})
after(async () => {
  await browser.close()
  await Promise.all([counting.remove(), site.close()])
})

const calls = 'window.headcount = function () { (headcount.q = headcount.q || []).push(arguments) }'
function tag(from: string, attributes = ''): string {
  return `<script>${calls}</script><script defer src="${from}/tracker.js" data-key="${counting.writeKey}" ${attributes}></script>`
}

/** Calls `headcount` in the page. */
async function use({ page }: Visitor, feature: string, fields: object = {}): Promise<void> {
  await page.evaluate(`headcount(${JSON.stringify(feature)}, ${JSON.stringify(fields)})`)
}

async function leave({ context, complaints }: Visitor): Promise<void> {
  assert.deepEqual(complaints, [])
  await context.close()
}

for (const where of ['sameSite', 'crossSite'] as const)
  test(`a page of another origin (${where}): views by path, calls made early and late; nothing is kept in the browser`, async () => {
    const visitor = await newVisitor(browser)
    const { page, context, requested } = visitor
    site.page(
      '/services',
      `${tag(counting.running.collectorUrl)}<script>headcount('jobs', { version: '2.1' })</script>`,
    )
    await page.goto(`${site[where]}/services?email=canary@canary.example#canary`)
    await counting.added({ services: 1, jobs: 1 })
    await use(visitor, 'Something of ours', { email: 'canary@canary.example' })
    await page.evaluate("history.pushState({}, '', '/nodes/canary')")
    await page.evaluate("history.pushState({}, '', '/nodes/canary#again')")
    await page.evaluate('history.back()')
    await page.evaluate('history.back()')
    await counting.added({ '(other)': 1, nodes: 1, services: 1 })
    assert.deepEqual(await context.cookies(), [])
    assert.equal(await page.evaluate('localStorage.length + sessionStorage.length'), 0)
    const origins = new Set(requested.map((url) => new URL(url).origin))
    assert.deepEqual([...origins].sort(), [site[where], counting.running.collectorUrl].sort())
    await leave(visitor)
  })

test('what is used while the page goes is counted, and a page that comes back from the cache of pages is one more view', async () => {
  const visitor = await newVisitor(browser)
  const { page } = visitor
  await page.goto(`${site.sameSite}/dashboard`)
  await page.evaluate("addEventListener('pageshow', ({ persisted }) => { document.title = 'restored ' + persisted })")
  await page.evaluate("addEventListener('pagehide', () => headcount('services'))")
  await page.goto(`${site.sameSite}/elsewhere`)
  await counting.added({ dashboard: 1, services: 1 })
  await page.goBack({ waitUntil: 'commit' })
  assert.equal(await page.title(), 'restored true', 'the browser has to have kept the page')
  await use(visitor, 'jobs')
  await counting.added({ dashboard: 1, jobs: 1 })
  // The tab is closed with a call that no timer has sent yet.
  await page.evaluate("headcount('nodes')")
  await page.close({ runBeforeUnload: true })
  await counting.added({ nodes: 1, services: 1 })
  await leave(visitor)
})

test('without a connection what is used waits in bounded memory, and is sent once there is one again', async () => {
  const visitor = await newVisitor(browser)
  const { page, context } = visitor
  await page.goto(`${site.crossSite}/dashboard`)
  await counting.added({ dashboard: 1 })
  await context.setOffline(true)
  for (let index = 0; index < 70; index++) await use(visitor, index < 20 ? 'jobs' : 'services')
  await context.setOffline(false)
  await counting.added({ services: 50 })
  await leave(visitor)
})

test('refused, dropped and repeated requests lose and double nothing', async (t) => {
  const pages = 6
  const proxy = await unreliableProxy(counting.running.collectorUrl, {
    seed: 3,
    share: 1,
    inARowMax: 2,
    nameOf: ({ body }) => /"id":"([\d-]+)"/.exec(body.toString())?.[1] ?? '',
  })
  t.after(() => proxy.close())
  site.page('/catalog', tag(proxy.url))
  const visitors = await Promise.all(Array.from({ length: pages }, () => newVisitor(browser)))
  await Promise.all(
    visitors.map(async (visitor) => {
      await visitor.page.goto(`${site.sameSite}/catalog`)
      await use(visitor, 'jobs')
    }),
  )
  await counting.added({ catalog: pages, jobs: pages })
  for (const fault of faults) assert.ok(proxy.count(fault) > 0, `no request was ${fault}`)
  for (const { context } of visitors) await context.close()
})

test('whoever does not want to be counted leaves nothing, whichever way it was said', async () => {
  const refusals: [string, (visitor: Visitor) => Promise<unknown>][] = [
    [
      'GPC',
      ({ page }) => page.addInitScript("Object.defineProperty(navigator, 'globalPrivacyControl', { value: true })"),
    ],
    ['DNT', ({ page }) => page.addInitScript("Object.defineProperty(navigator, 'doNotTrack', { value: '1' })")],
    ['Sec-GPC as a header alone', ({ context }) => context.setExtraHTTPHeaders({ 'Sec-GPC': '1' })],
    ['a flag of the page', ({ page }) => page.addInitScript("localStorage.headcount_choice = 'opt-out'")],
    ['a cookie of the page', ({ page }) => page.addInitScript("document.cookie = 'headcount_choice=opt-out'")],
    [
      'the button on the collector’s page',
      async ({ page }) => {
        await page.goto(`${counting.running.collectorUrl}/privacy`)
        await page.getByRole('button', { name: 'Do not count this browser' }).click()
        await page.getByRole('status').waitFor()
      },
    ],
  ]
  for (const [what, refuse] of refusals) {
    const visitor = await newVisitor(browser)
    await refuse(visitor)
    const { page } = visitor
    await page.goto(`${site.sameSite}/dashboard`)
    await use(visitor, 'services')
    await page.goto(`${site.sameSite}/elsewhere`)
    await counting.added({}, what)
    await visitor.context.close()
  }
  // The control: a visitor who said nothing is counted, by the same steps.
  const visitor = await newVisitor(browser)
  await visitor.page.goto(`${site.sameSite}/dashboard`)
  await use(visitor, 'services')
  await visitor.page.goto(`${site.sameSite}/elsewhere`)
  await counting.added({ dashboard: 1, services: 1 })
  await leave(visitor)
})

test('a choice made while the page is open holds for what is still waiting', async () => {
  const visitor = await newVisitor(browser)
  const { page, context } = visitor
  await page.goto(`${site.sameSite}/dashboard`)
  await counting.added({ dashboard: 1 })
  await context.setOffline(true)
  await use(visitor, 'services')
  await page.evaluate("localStorage.headcount_choice = 'opt-out'")
  await context.setOffline(false)
  await page.evaluate('delete localStorage.headcount_choice')
  await use(visitor, 'jobs')
  await counting.added({ jobs: 1 })
  await leave(visitor)
})

test('with data-cookie a browser is one device over its visits; where cookies are blocked it is counted all the same', async () => {
  site.page('/components', tag(counting.running.collectorUrl, 'data-cookie'))
  const visitor = await newVisitor(browser)
  for (let visit = 0; visit < 3; visit++) {
    await visitor.page.goto(`${site.sameSite}/components`)
    await counting.added({ components: 1 })
  }
  const cookies = await visitor.context.cookies(counting.running.collectorUrl)
  assert.deepEqual(
    cookies.map(({ name, httpOnly, sameSite }) => [name, httpOnly, sameSite]),
    [['headcount', true, 'Lax']],
  )
  // The first one by address, as nobody knew yet whether the browser takes the cookie.
  assert.equal(await counting.devices('components'), 2)
  await leave(visitor)
  const profile = await temporaryDirectory()
  const blocking = await visitorWithoutCookies(profile)
  await blocking.page.goto(`${site.sameSite}/components`)
  await counting.added({ components: 1 })
  assert.deepEqual(await blocking.context.cookies(), [])
  await leave(blocking)
  await removeDirectory(profile)
})

test('without script the pixel counts the page', async () => {
  const { collectorUrl } = counting.running
  site.page(
    '/noscript',
    `<noscript><img src="${collectorUrl}/v1/pixel.gif?key=${counting.writeKey}&path=/nodes" alt=""></noscript>`,
  )
  const visitor = await newVisitor(browser, { javaScriptEnabled: false })
  await visitor.page.goto(`${site.crossSite}/noscript`)
  await counting.added({ nodes: 1 })
  assert.deepEqual(await visitor.context.cookies(), [])
  await leave(visitor)
})

test('nothing came late', async () => {
  await counting.added({})
})
