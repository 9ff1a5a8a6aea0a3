/** The dashboard with the keyboard alone, and what axe says of the states in which it seldom is. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { addPartner } from '../../services/partners/partner-registry.ts'
import { signInLink } from '../../services/reporting/dashboard/sign-in-links.ts'
import { WholeInstallation } from '../privacy/whole-installation.ts'
import { assertNoViolation } from './axe.ts'
import { launchChromium, newVisitor, type Visitor } from './chromium.ts'
import { sendNow } from './dashboard-world.ts'
import { panelOf, settled } from './panel-reader.ts'

let whole: WholeInstallation
let browser: Browser
let visitor: Visitor
let page: Page
before(async () => {
  whole = await WholeInstallation.start()
  browser = await launchChromium()
  visitor = await newVisitor(browser, { locale: 'en-US', viewport: { width: 1280, height: 900 } })
  visitor.context.setDefaultTimeout(120_000)
  page = visitor.page
  await page.goto(signInLink(whole.headcount.reportingUrl, await whole.headcount.desk.signIn('admin')))
  await settled(page)
})
after(async () => {
  // A question that is being answered in place of the server would fail with the page, after the last test.
  await page.unrouteAll({ behavior: 'ignoreErrors' })
  await browser.close()
  await whole.remove()
})

const usable = 'a[href], button:not(:disabled), input, select, summary, [tabindex="0"]'

/** Where the focus is: what, in which panel, and where that panel stands. */
interface Stop {
  /** Its place among all that can be used. */
  readonly at: number
  readonly what: string
  readonly panel: string
  readonly top: number
  readonly left: number
  readonly isVisible: boolean
}

function focused(): Promise<Stop | undefined> {
  return page.evaluate<Stop | undefined>(`(() => {
    const one = document.activeElement
    if (!one || one === document.body) return undefined
    const panel = one.closest('.panel, header.top, footer')
    const { top, left } = panel ? panel.getBoundingClientRect() : { top: -1, left: -1 }
    const name = one.getAttribute('aria-label') || one.textContent || one.tagName
    const style = getComputedStyle(one)
    return {
      at: [...document.querySelectorAll(${JSON.stringify(usable)})].indexOf(one),
      what: one.tagName.toLowerCase() + ' ' + name.trim().slice(0, 40),
      panel: panel?.querySelector('h1, h2')?.textContent ?? panel?.tagName ?? '',
      top: Math.round(top + scrollY),
      left: Math.round(left),
      isVisible: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0,
    }
  })()`)
}

/** A field for a date is one, whatever parts of it the browser lets the focus stop at. */
async function tabThrough(): Promise<Stop[]> {
  const stops: Stop[] = []
  for (let presses = 0; presses < 500; presses++) {
    await page.keyboard.press('Tab')
    const stop = await focused()
    if (!stop) break
    if (stop.at < 0 || stop.at !== stops.at(-1)?.at) stops.push(stop)
  }
  return stops
}

test('axe finds nothing on the empty page, in both themes', async () => {
  await panelOf(page, 'No event has been counted yet').getByRole('button', { name: 'Start the demo' }).waitFor()
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await assertNoViolation(page, `${colorScheme}, empty`)
  }
})

test('the first event takes the empty state away without a reload', async () => {
  await sendNow(
    whole,
    ['dashboard', 'services', 'jobs'].map((feature, at) => ({ feature, version: `2.${at}.0`, device: `device-${at}` })),
  )
  await panelOf(page, 'No event has been counted yet').waitFor({ state: 'detached' })
})

test('Tab reaches everything that can be used once, in the order in which it is read, and shows where it is', async () => {
  const wish = { name: 'Example Research', datasets: ['feature_usage'], purpose: 'test', until: '2027-01-01' }
  await addPartner(whole.headcount.ledger, whole.clock, wish, new Set(wish.datasets))
  await page.goto(`${whole.headcount.reportingUrl}/?period=7d&f=version!:2.2.0`)
  await settled(page)
  await page.locator('body').evaluate((body) => (body as unknown as { focus(): void }).focus())
  const stops = await tabThrough()
  const inAll = await page.evaluate<number>(
    `[...document.querySelectorAll(${JSON.stringify(usable)})].filter((one) => one.checkVisibility()).length`,
  )
  assert.equal(stops.length, inAll, stops.map(({ what, panel }) => `${what} in ${panel}`).join('\n'))
  assert.equal(new Set(stops.map(({ at }) => at)).size, inAll, 'each once')
  assert.ok(stops.length > 40, `${stops.length} stops`)
  assert.equal(stops[0]?.what, 'a To the panels')
  assert.deepEqual(
    stops.filter(({ isVisible }) => !isVisible),
    [],
  )
  const panels = stops.slice(1).filter(({ panel }, at) => panel !== stops[at]?.panel)
  for (const [at, { panel, top, left }] of panels.entries()) {
    const before = panels[at - 1]
    if (before)
      assert.ok(top > before.top || (top === before.top && left > before.left), `${panel} after ${before.panel}`)
  }
})

test('the link at the start passes by the controls; dialogs keep the focus and give it back', async () => {
  await page.goto(`${whole.headcount.reportingUrl}/`)
  await settled(page)
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  assert.equal(await page.evaluate('document.activeElement.id'), 'panels')
  const notes = page.getByRole('button', { name: 'Notes' })
  await notes.focus()
  await page.keyboard.press('Enter')
  await page.getByRole('dialog', { name: 'Notes' }).waitFor()
  for (let presses = 0; presses < 12; presses++) {
    await page.keyboard.press('Tab')
    const isInside = await page.evaluate<boolean>(
      `document.activeElement === document.body || document.activeElement.closest('dialog') !== null`,
    )
    assert.ok(isInside, 'what is behind the dialog is not reached')
  }
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  assert.ok(await notes.evaluate((button) => button.ownerDocument.activeElement === button))
})

test('a row filters by keyboard, an export is saved by keyboard', async () => {
  const list = panelOf(page, 'Feature (Feature usage)')
  await list.getByRole('button', { name: 'Jobs', exact: true }).focus()
  await page.keyboard.press('Enter')
  await settled(page)
  assert.equal(new URL(page.url()).search, '?f=feature%3Ajobs')
  await list.locator('summary', { hasText: '⤓' }).focus()
  await page.keyboard.press('Enter')
  await page.keyboard.press('Tab')
  const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')])
  assert.match(download.suggestedFilename(), /\.csv$/)
  await page.keyboard.press('Escape')
})

test('axe finds nothing with the partners, open menus and tables, dialogs, an error and late counts, in both themes', async () => {
  await page.goto(`${whole.headcount.reportingUrl}/?period=7d&compare=previous`)
  await settled(page)
  await panelOf(page, 'Partner releases').getByText('Example Research').waitFor()
  for (const summary of await page.locator('.twin summary').all()) await summary.click()
  await panelOf(page, 'Feature (Feature usage)').locator('summary', { hasText: '⤓' }).click()
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await assertNoViolation(page, `${colorScheme}, everything open`)
  }
  await page.route('**/api/v1/quality', (route) =>
    route.fulfill({
      json: {
        fresh_to: '2026-11-20T10:00:00Z',
        lag_seconds: 7200,
        since: '2026-11-20T10:00:00Z',
        not_counted: [{ where: 'worker', reason: 'late', means: 'older', isIntended: false, events: 2 }],
        quarantined: [{ reason: 'unreadable', shape: 'time: string', events: 3 }],
      },
    }),
  )
  await page.route('**/api/v1/usage/batch', async (route) => {
    const { questions } = route.request().postDataJSON() as { questions: string[] }
    const problem = { title: 'This is too much for one answer', detail: 'Take fewer dimensions.' }
    const body = (await (await route.fetch()).text()).replace(/^.+$/gm, (line) => {
      const { question } = JSON.parse(line) as { question: number }
      const isOne = questions[question]?.startsWith('dataset=packages')
      return isOne ? JSON.stringify({ question, status: 400, problem }) : line
    })
    await route.fulfill({ body, contentType: 'application/x-ndjson' })
  })
  await page.goto(`${whole.headcount.reportingUrl}/`)
  await panelOf(page, 'Completeness').getByText('The counts are behind.').waitFor()
  await panelOf(page, 'Package (Packages)').getByRole('alert').waitFor()
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await assertNoViolation(page, `${colorScheme}, late, with an error`)
  }
})
