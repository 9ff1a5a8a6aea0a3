/** Collector and reporting in processes of their own: each page leads to the other for what it does not have itself. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { readConfig } from '../../shared/config.ts'
import { memoryChoiceBook } from '../doubles/memory-choice-log.ts'
import { PartnerFixture } from '../partners/partner-fixture.ts'
import { type RunningCollector, startCollector } from '../services/collector/running-collector.ts'
import { launchChromium, newVisitor } from './chromium.ts'

let browser: Browser
let collector: RunningCollector
let reporting: PartnerFixture
let reportingUrl = ''
before(async () => {
  browser = await launchChromium()
  const url = { HEADCOUNT_COLLECTOR_PORT: '0', HEADCOUNT_PUBLIC_URL: 'http://127.0.0.1:1' }
  collector = await startCollector({
    settings: readConfig(url),
    choices: memoryChoiceBook({ now: () => Date.now() }),
  })
  reporting = await new PartnerFixture({ env: { HEADCOUNT_COLLECTOR_PUBLIC_URL: collector.url } }).open()
  reportingUrl = await reporting.reporting.app.listen({ port: 0, host: '127.0.0.1' })
})
after(async () => {
  await browser.close()
  await reporting.close()
  await collector[Symbol.asyncDispose]()
})

test('reporting has no button of its own: it leads to the collector’s page, where the choice is made', async () => {
  const { page, context, complaints } = await newVisitor(browser, { javaScriptEnabled: false })
  await page.goto(`${reportingUrl}/privacy`)
  assert.equal(await page.getByRole('button').count(), 0)
  await page.getByText('You can choose not to be counted.').waitFor()
  await Promise.all([page.waitForEvent('load'), page.locator('a.button', { hasText: 'Your choice' }).click()])
  assert.equal(page.url(), `${collector.url}/privacy#choice`)
  await page.getByRole('button', { name: 'Do not count this browser' }).click()
  await page.getByText('This browser has opted out: it is not counted.').waitFor()
  assert.deepEqual(complaints, [])
  const asked = await fetch(`${reportingUrl}/v1/privacy/choice`, { method: 'POST', body: 'choice=opt-out' })
  assert.equal(asked.status, 404, 'and takes none')
  await context.close()
})

test('the collector has no ledger: its page leads to the disclosures of reporting', async () => {
  const { page, context } = await newVisitor(browser, { javaScriptEnabled: false })
  await page.goto(`${collector.url}/privacy`)
  const link = page.getByRole('link', { name: 'the list of disclosures' })
  assert.equal(await link.getAttribute('href'), 'http://127.0.0.1:1/privacy/disclosures')
  await page.goto(`${reportingUrl}/privacy`)
  await Promise.all([page.waitForEvent('load'), page.getByRole('link', { name: 'the list of disclosures' }).click()])
  assert.equal(page.url(), `${reportingUrl}/privacy/disclosures`)
  await page.getByText('For California residents').waitFor()
  await context.close()
})

test('where nobody has said where the other is, the page names the path and links to nothing', async () => {
  const alone = await startCollector({ choices: memoryChoiceBook({ now: () => Date.now() }) })
  try {
    const text = await (await fetch(`${alone.url}/privacy`)).text()
    assert.match(text, /<code>\/privacy\/disclosures<\/code> of reporting says/)
  } finally {
    await alone[Symbol.asyncDispose]()
  }
  // The engine in process allows one at a time.
  await reporting.close()
  reporting = await new PartnerFixture().open()
  const { body } = await reporting.ask('/privacy', '')
  assert.match(body, /It is made where usage is sent to: open <code>\/privacy<\/code> there\./)
  assert.doesNotMatch(body, /href="[^"]*\/privacy#choice"/)
})
