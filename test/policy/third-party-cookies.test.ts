/**
 * third-party-cookies: "this Privacy Policy does not cover the use of cookies by any third parties". There are none: in
 * Chromium, no page of ours and no page that sends to us asks any other origin for anything.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { launchChromium, newVisitor } from '../browser/chromium.ts'
import { SendingPage } from '../browser/sending-page.ts'
import { WholeInstallation } from '../privacy/whole-installation.ts'

let browser: Browser
let world: WholeInstallation
before(async () => {
  browser = await launchChromium()
  world = await WholeInstallation.start()
})
after(async () => {
  await browser.close()
  await world.remove()
})

/** What was asked of another origin than the page's; pictures that are in the page itself are asked of nobody. */
function elsewhere(origin: string, requested: readonly string[]): string[] {
  return requested.filter((url) => !url.startsWith('data:') && new URL(url).origin !== origin)
}

for (const [service, paths] of [
  [
    'collector',
    ['/privacy', '/privacy/disclosures', '/privacy/policy', '/privacy.json', '/v1/catalogue', '/v1/policy', '/nothing'],
  ],
  [
    'reporting',
    ['/', '/privacy', '/privacy/disclosures', '/privacy/ledger', '/partner/guide', '/docs', '/openapi.json'],
  ],
] as const)
  for (const path of paths)
    test(`${path} of the ${service} asks no other origin for anything, and breaks none of its own rules`, async () => {
      const origin = world.headcount[`${service}Url`]
      const { page, context, requested, complaints } = await newVisitor(browser)
      await page.goto(origin + path, { waitUntil: 'networkidle' })
      assert.deepEqual(elsewhere(origin, requested), [])
      assert.ok(requested.length >= 1)
      const refused = complaints.filter((text) => !text.includes('404 (Not Found)'))
      assert.deepEqual(refused, [])
      assert.deepEqual(await context.cookies(), [], 'reading sets no cookie')
      await context.close()
    })

for (const way of ['fetch', 'beacon'] as const)
  test(`a page that sends by ${way} talks to its own origin only, and gets its own cookie only`, async () => {
    const visitor = await newVisitor(browser)
    await new SendingPage(world, visitor).visit(way)
    assert.deepEqual(elsewhere(world.headcount.collectorUrl, visitor.requested), [])
    const cookies = await visitor.context.cookies()
    assert.deepEqual(
      cookies.map(({ name, domain }) => [name, domain]),
      [['headcount', '127.0.0.1']],
    )
    await visitor.context.close()
  })

test('the control: a page that loads something from elsewhere is noticed', async () => {
  const { page, context, requested } = await newVisitor(browser)
  const origin = world.headcount.collectorUrl
  await context.route('http://elsewhere.invalid/**', (route) => route.fulfill({ body: '' }))
  await context.route(`${origin}/planted`, (route) =>
    route.fulfill({ contentType: 'text/html', body: '<script src="http://elsewhere.invalid/tracker.js"></script>' }),
  )
  await page.goto(`${origin}/planted`)
  assert.deepEqual(elsewhere(origin, requested), ['http://elsewhere.invalid/tracker.js'])
  await context.close()
})

test('the page at /privacy could not load anything from elsewhere if it tried', async () => {
  const { page, context, complaints } = await newVisitor(browser)
  await page.goto(`${world.headcount.collectorUrl}/privacy`)
  const loaded = await page.evaluate(`new Promise((resolve) => {
    const image = document.createElement('img')
    image.onload = () => resolve('loaded')
    image.onerror = () => resolve('refused')
    image.src = 'http://elsewhere.invalid/pixel.gif'
  })`)
  assert.equal(loaded, 'refused')
  assert.ok(complaints.some((text) => text.includes('Content Security Policy')))
  await context.close()
})
