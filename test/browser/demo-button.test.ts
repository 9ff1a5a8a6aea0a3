/** The demo that an admin starts on the empty page, in a process as `npm start` runs it. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import {
  type RunningHeadcount,
  removeDirectory,
  startProcess,
  temporaryDirectory,
} from '../fixtures/headcount-process.ts'
import { launchChromium, newVisitor, type Visitor } from './chromium.ts'

const patienceMs = 120_000
let dataDir: string
let running: RunningHeadcount
let browser: Browser
let visitor: Visitor
before(async () => {
  dataDir = await temporaryDirectory()
  running = await startProcess(dataDir, { HEADCOUNT_K: '5' })
  browser = await launchChromium()
  visitor = await newVisitor(browser, { locale: 'en-US' })
  visitor.context.setDefaultTimeout(patienceMs)
})
after(async () => {
  await browser.close()
  await running.stop()
  await removeDirectory(dataDir)
})
const panel = (title: string) =>
  visitor.page.locator('section.panel', { has: visitor.page.getByRole('heading', { name: title, exact: true }) })
const empty = () => panel('No event has been counted yet')

/** As the analyst whose token the banner has. */
function asAnalyst(method: 'GET' | 'POST'): Promise<Response> {
  const token = /analyst token\s+(\S+)/.exec(running.output())?.[1]
  return fetch(`${running.reportingUrl}/api/v1/demo`, { method, headers: { authorization: `Bearer ${token}` } })
}

test('an analyst may look, and not start it', async () => {
  assert.equal((await asAnalyst('POST')).status, 403)
  const { state } = (await (await asAnalyst('GET')).json()) as { state: string }
  assert.equal(state, 'none')
})

test('an admin starts it; the page tells how far it is, and at the end that what was counted is what was sent', async () => {
  const { page } = visitor
  await page.goto(/Dashboard\s+(http:\S+)/.exec(running.output())?.[1] ?? '')
  await empty().getByRole('button', { name: 'Start the demo' }).waitFor()
  assert.match((await empty().textContent()) ?? '', /Its counts stay.*remove its data folder/)
  await empty().getByRole('button', { name: 'Start the demo' }).click()
  await empty().getByRole('progressbar', { name: 'The demo' }).waitFor()
  const { sent } = (await (await asAnalyst('GET')).json()) as { sent: number }
  assert.ok(sent >= 0)
  await empty().getByText('What was counted is what was sent.').waitFor()
  const { accepted } = (await (await asAnalyst('GET')).json()) as { accepted: number }
  assert.ok(accepted > 100, `${accepted} events`)
})

test('its day is flagged, in the notice and for whoever looks later, and has the events in its panels', async () => {
  const { page } = visitor
  await empty().getByRole('link', { name: 'Look at the day' }).click()
  await page.getByRole('note').getByText('Demo data.').waitFor()
  await panel('Over time').locator('.figure strong').first().filter({ hasText: /[1-9]/ }).waitFor()
  assert.equal(await empty().count(), 0)
  assert.deepEqual(visitor.complaints, [])
})

test('it does not run twice, nor where events have been counted', async () => {
  const answer = await visitor.page.evaluate(async () => {
    const response = await fetch('/api/v1/demo', { method: 'POST' })
    return { status: response.status, problem: (await response.json()) as { detail: string } }
  })
  assert.equal(answer.status, 409)
  assert.match(answer.problem.detail, /has run here before.*cannot be told from real ones/)
})
