/** The choice at /privacy in Chromium: with a script engine and without, on both servers, with signals and cleared cookies. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import axe from 'axe-core'
import type { Browser } from 'playwright-core'
import { WholeInstallation } from '../privacy/whole-installation.ts'
import { launchChromium, newVisitor, type Visitor } from './chromium.ts'
import { counted, SendingPage } from './sending-page.ts'

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

const optOut = 'Do not count this browser'
const optIn = 'Count this browser again'
const isCounted = 'This browser is counted where it uses what is listed below.'
const isOptedOut = 'This browser has opted out: it is not counted.'

/** Sends an event with the browser's own cookies, as a page of it does; needs no script. */
async function sendEvent({ context }: Visitor, headers: Record<string, string> = {}): Promise<void> {
  const { collectorUrl, credentials } = world.headcount
  const time = new Date(world.clock.now()).toISOString()
  const event = { id: `e-${Math.random()}`, time, feature: 'dashboard', source: 'ui' }
  const response = await context.request.post(`${collectorUrl}/v1/events`, {
    headers: { authorization: `Bearer ${credentials.writeKey}`, 'sec-fetch-mode': 'cors', ...headers },
    data: { events: [event] },
  })
  assert.equal(response.status(), 200)
}

async function click({ page }: Visitor, label: string): Promise<void> {
  await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name: label }).click()])
  await page.getByRole('status').waitFor()
}

async function eventsCounted(): Promise<number> {
  const [events] = await counted(world, 'day')
  return events
}

/** The page's own words: what it says happened, what it says is so, and which buttons it has. */
async function said({ page }: Visitor): Promise<{ happened: string; state: string; buttons: string[] }> {
  const status = page.getByRole('status')
  const buttons = (await page.getByRole('button').allInnerTexts()).filter((one) => !one.includes('held'))
  return {
    happened: (await status.count()) === 0 ? '' : ((await status.textContent()) ?? ''),
    state: (await page.locator('.state').textContent()) ?? '',
    buttons,
  }
}

for (const javaScriptEnabled of [true, false])
  for (const service of ['collector', 'reporting'] as const)
    test(`the button on the page of ${service}, ${javaScriptEnabled ? 'with' : 'without'} JavaScript: it says what happened, and that has happened`, async () => {
      const origin = world.headcount[`${service}Url`]
      const before = await eventsCounted()
      const visitor = await newVisitor(browser, { javaScriptEnabled })
      await visitor.page.goto(`${origin}/privacy`)
      assert.deepEqual(await said(visitor), { happened: '', state: isCounted, buttons: [optOut] })
      await sendEvent(visitor)
      assert.equal(await eventsCounted(), before + 1)
      await click(visitor, optOut)
      assert.deepEqual(await said(visitor), {
        happened: 'Done. From now on nothing that this browser sends is counted or written down.',
        state: isOptedOut,
        buttons: [optIn],
      })
      await sendEvent(visitor)
      assert.equal(await eventsCounted(), before + 1)
      await visitor.page.reload()
      assert.equal((await said(visitor)).state, isOptedOut, 'reloading sends nothing again')
      await click(visitor, optIn)
      assert.deepEqual(await said(visitor), {
        happened: 'Done. What this browser sends from now on is counted; what it sent meanwhile is not.',
        state: isCounted,
        buttons: [optOut],
      })
      await sendEvent(visitor)
      assert.equal(await eventsCounted(), before + 2)
      assert.deepEqual(
        visitor.requested.filter((url) => new URL(url).origin !== origin),
        [],
      )
      assert.deepEqual(visitor.complaints, [])
      await visitor.context.close()
    })

for (const [header, state] of [
  ['Sec-GPC', 'This browser sends Global Privacy Control: it is not counted.'],
  ['DNT', 'This browser sends Do Not Track: it is not counted.'],
] as const)
  test(`with ${header} on the page says so and has no button, and nothing is counted; off again, it has and is`, async () => {
    const before = await eventsCounted()
    const visitor = await newVisitor(browser)
    await visitor.context.setExtraHTTPHeaders({ [header]: '1' })
    await visitor.page.goto(`${world.headcount.collectorUrl}/privacy`)
    assert.deepEqual(await said(visitor), { happened: '', state, buttons: [] })
    await visitor.page.getByText('That is honoured before anything is written.').waitFor()
    await sendEvent(visitor, { [header]: '1' })
    assert.equal(await eventsCounted(), before)
    await visitor.context.setExtraHTTPHeaders({})
    await visitor.page.reload()
    assert.deepEqual(await said(visitor), { happened: '', state: isCounted, buttons: [optOut] })
    await sendEvent(visitor)
    assert.equal(await eventsCounted(), before + 1)
    await visitor.context.close()
  })

test('who clears the cookies has cleared the opt-out with them, and the page says so; the identifier alone remembers it', async () => {
  const before = await eventsCounted()
  const visitor = await newVisitor(browser)
  await new SendingPage(world, visitor).visit()
  await visitor.page.goto(`${world.headcount.collectorUrl}/privacy`)
  await visitor.page.getByText('It has our cookie, a random number').waitFor()
  const identifier = (await visitor.context.cookies()).filter(({ name }) => name === 'headcount')
  await click(visitor, optOut)
  const cookies = await visitor.context.cookies()
  assert.deepEqual(
    cookies.filter(({ name }) => name === 'headcount_choice').map(({ value }) => value),
    ['opt-out'],
  )
  await visitor.context.clearCookies()
  await visitor.page.goto(`${world.headcount.collectorUrl}/privacy`)
  assert.equal((await said(visitor)).state, isCounted)
  await sendEvent(visitor)
  assert.equal(await eventsCounted(), before + 2)
  // A copy of the old cookie, as from a backup of the browser.
  await visitor.context.clearCookies()
  await visitor.context.addCookies(identifier)
  await visitor.page.reload()
  assert.equal((await said(visitor)).state, isOptedOut)
  await sendEvent(visitor)
  assert.equal(await eventsCounted(), before + 2)
  await visitor.context.close()
})

test('what is held is shown and deleted by the cookie’s owner, without a script; another browser sees nothing of it', async () => {
  const visitor = await newVisitor(browser)
  const sending = new SendingPage(world, visitor)
  for (let visit = 0; visit < 2; visit++) await sending.visit()
  await world.settle()
  const cookies = await visitor.context.cookies()
  await visitor.context.close()
  const owner = await newVisitor(browser, { javaScriptEnabled: false })
  await owner.context.addCookies(cookies)
  await owner.page.goto(`${world.headcount.collectorUrl}/privacy`)
  await owner.page.getByRole('button', { name: 'Show everything that is held' }).click()
  await owner.page.getByRole('heading', { name: 'What is held' }).waitFor()
  const shown = (await owner.page.locator('main').textContent()) ?? ''
  for (const words of [
    'No choice was made: it is counted.',
    'From 127.0.0.1',
    'dashboard',
    'It is counted, and gone by',
  ])
    assert.ok(shown.includes(words), words)
  await owner.page.getByRole('link', { name: 'back to the choice' }).click()
  await click(owner, 'Delete what is held')
  assert.match(
    (await said(owner)).happened,
    /^Done\. What was received from this browser until 20 Nov 2026, 12:0\d UTC is left out/,
  )
  await owner.page.getByRole('button', { name: 'Show everything that is held' }).click()
  await owner.page.getByText('It is left out, as asked').first().waitFor()
  const other = await newVisitor(browser)
  await other.page.goto(`${world.headcount.collectorUrl}/privacy`)
  await other.page.getByText('Without the cookie nothing is held that could be found again').waitFor()
  assert.equal(await other.page.getByRole('button', { name: 'held' }).count(), 0)
  for (const one of [owner, other]) {
    assert.deepEqual(one.complaints, [])
    await one.context.close()
  }
})

for (const [colorScheme, width] of [
  ['light', 1280],
  ['dark', 360],
] as const)
  test(`axe finds nothing wrong, and nothing is wider than the window: ${colorScheme}, ${width} pixels`, async () => {
    // The page's own rules let no script in, also none of a test.
    const visitor = await newVisitor(browser, { colorScheme, viewport: { width, height: 900 }, bypassCSP: true })
    const { page } = visitor
    await new SendingPage(world, visitor).visit()
    await world.settle()
    for (const path of ['/privacy', '/privacy?done=deletion', '/privacy/disclosures', '/v1/privacy/access']) {
      await page.goto(world.headcount.collectorUrl + path)
      await page.evaluate(axe.source)
      const { violations } = (await page.evaluate('axe.run()')) as { violations: { id: string; nodes: object[] }[] }
      assert.deepEqual(
        violations.map(({ id, nodes }) => `${path}: ${id} ${JSON.stringify(nodes).slice(0, 300)}`),
        [],
      )
      assert.equal(await page.evaluate('document.documentElement.scrollWidth'), width, path)
    }
    // The control: without its title a page is found fault with.
    await page.evaluate("document.title = ''; document.documentElement.removeAttribute('lang')")
    const { violations } = (await page.evaluate('axe.run()')) as { violations: { id: string }[] }
    assert.deepEqual(violations.map(({ id }) => id).sort(), ['document-title', 'html-has-lang'])
    await visitor.context.close()
  })
