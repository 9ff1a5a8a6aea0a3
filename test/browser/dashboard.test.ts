/** The dashboard in Chromium: its numbers against an independent count, and everything that can be done on it. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import type { Browser, Page, Request } from 'playwright-core'
import { dashboardModel } from '../../services/reporting/dashboard/dashboard-model.ts'
import { firstQuestions } from '../../services/reporting/dashboard/first-questions.ts'
import { signInLink } from '../../services/reporting/dashboard/sign-in-links.ts'
import { assertNoViolation } from './axe.ts'
import { launchChromium, newVisitor, type Visitor } from './chromium.ts'
import { DashboardWorld, dayBefore, k, type Sent } from './dashboard-world.ts'
import { readTwin } from './panel-reader.ts'

let browser: Browser
let world: DashboardWorld
let visitor: Visitor
let page: Page
before(async () => {
  browser = await launchChromium()
  world = await DashboardWorld.start()
  // Far from UTC, and in a language with other numbers: what is shown must not depend on where somebody sits.
  visitor = await newVisitor(browser, { timezoneId: 'Pacific/Auckland', locale: 'en-US', acceptDownloads: true })
  page = visitor.page
  // The machine may be busy with other tests.
  visitor.context.setDefaultTimeout(120_000)
  await signIn(page)
})
after(async () => {
  await browser.close()
  await world.remove()
})

async function signIn(of: Page): Promise<void> {
  await of.goto(signInLink(world.reportingUrl, await world.whole.headcount.desk.signIn('analyst')))
  await settled(of)
}
const settled = async (of = page) => {
  await of.waitForSelector('.panel')
  await of.locator('[aria-busy="true"]').first().waitFor({ state: 'detached' })
}
const open = async (search: string) => {
  await page.goto(`${world.reportingUrl}/${search}`)
  await settled()
}
const panel = (title: string, of = page) =>
  of.locator('section.panel', { has: of.getByRole('heading', { name: title, exact: true }) })
/** Name and events of each row, without the share that stands below. */
const rowsOf = async (title: string, of = page): Promise<[string, number][]> =>
  panel(title, of)
    .locator('tbody tr')
    .evaluateAll((rows) =>
      rows.map((row) => [
        row.querySelector('th button')?.textContent ?? '',
        Number(row.querySelector('td')?.firstChild?.textContent?.replaceAll(',', '')),
      ]),
    )
const count = (which: (one: Sent) => boolean): number => world.sent.filter(which).length
const countBy = (of: (one: Sent) => string, which: (one: Sent) => boolean): Map<string, number> => {
  const counts = new Map<string, number>()
  for (const one of world.sent.filter(which)) counts.set(of(one), (counts.get(of(one)) ?? 0) + 1)
  return counts
}
const titles: Record<string, string> = { dashboard: 'Dashboard', services: 'Services', jobs: 'Jobs', nodes: 'Nodes' }
const features = 'Feature (Feature usage)'
const versions = 'DC/OS or package version (Feature usage)'
const eventsShown = async (of = page) =>
  Number((await panel('Over time', of).locator('.figure strong').first().textContent())?.replaceAll(',', ''))

test('the link signs in and leaves the address; without it a form asks', async () => {
  const { page: own, context } = await newVisitor(browser)
  await own.goto(world.reportingUrl)
  await own.getByLabel('Analyst token or admin token').fill('wrong')
  await own.getByRole('button', { name: 'Sign in' }).click()
  await own.getByRole('alert').waitFor()
  assert.match((await own.getByRole('alert').textContent()) ?? '', /credentials\.json/)
  await own.goto('about:blank')
  await signIn(own)
  assert.equal(own.url(), `${world.reportingUrl}/`)
  await context.close()
})

test('every number is that of an independent count, and what has too few devices is said to be left out', async () => {
  await open('?period=7d')
  const first = dayBefore('2026-11-20', 6)
  const inRange = ({ day }: Sent) => day >= first
  // Of `nodes` too few devices are counted, and of `jobs` the rows are hidden with it only where that is needed.
  assert.equal(await eventsShown(), count(inRange))
  const shown = await rowsOf(features)
  const expected = countBy(({ feature }) => titles[feature] as string, inRange)
  for (const [name, events] of shown) assert.equal(events, expected.get(name), name)
  assert.ok(shown.length >= 2 && !shown.some(([name]) => name === 'Nodes'))
  assert.match(
    (await panel(features).locator('.hidden-cells').textContent()) ?? '',
    new RegExp(`fewer than ${k} devices.*not zero`),
  )
  // The API says the same.
  const api = await page.evaluate<{ rows: [string, string, number][] }, string>(
    async (from) =>
      (
        await fetch(`/api/v1/usage?dataset=feature_usage&by=feature&grain=day&from=${from}&to=2026-11-21`)
      ).json() as never,
    first,
  )
  const byApi = new Map<string, number>()
  for (const [, feature, events] of api.rows)
    byApi.set(titles[feature] ?? '', (byApi.get(titles[feature] ?? '') ?? 0) + events)
  assert.deepEqual(new Map(shown), byApi)
  // The chart's table has each day.
  await panel('Over time').locator('summary', { hasText: 'Table of Events' }).click()
  const days = (await readTwin(panel('Over time'))).flat()
  assert.deepEqual(
    days.map(Number),
    Array.from({ length: 7 }, (_, at) => count(({ day }) => day === dayBefore('2026-11-20', 6 - at))),
  )
})

test('what is read before anybody looks is what the page asks first, and pairs for a filter', async () => {
  const asked = new Set<string>()
  const note = (request: Request) => {
    const body = request.url().endsWith('/usage/batch')
      ? (request.postDataJSON() as { questions: string[] })
      : undefined
    for (const one of body?.questions ?? []) if (!/grain=(minute|hour)/.test(one)) asked.add(one)
  }
  page.on('request', note)
  for (const period of ['30d', '12mo', '90d', 'year']) await open(`?period=${period}`)
  page.off('request', note)
  const { catalogue } = world.whole.headcount
  const read = firstQuestions(dashboardModel(catalogue, k), world.whole.clock.now())
  const isPair = (one: string) => new URLSearchParams(one).get('by')?.includes(',') === true
  assert.ok(asked.size > 30 && read.some(isPair), `${asked.size}`)
  assert.deepEqual([...asked].sort(), read.filter((one) => !isPair(one)).sort())
})

test('a click filters everything that is counted together, another turns it around; back and forward work', async () => {
  await open('?period=7d')
  const all = await eventsShown()
  await panel(features).getByRole('button', { name: 'Services', exact: true }).click()
  await settled()
  const first = dayBefore('2026-11-20', 6)
  const services = ({ day, feature }: Sent) => day >= first && feature === 'services'
  assert.equal(await eventsShown(), count(services))
  const shown = await rowsOf(versions)
  const expected = countBy(({ version }) => version, services)
  assert.ok(shown.length > 0)
  for (const [version, events] of shown) assert.ok(events <= (expected.get(version) ?? 0), version)
  assert.match((await panel('Countries').textContent()) ?? '', /not counted by Feature/)
  assert.equal(new URL(page.url()).search, '?period=7d&f=feature%3Aservices')
  await page.getByRole('button', { name: 'Turn around: Feature is Services' }).click()
  await settled()
  const rest = await rowsOf(features)
  assert.ok(!rest.some(([name]) => name === 'Services') && rest.length > 0)
  assert.equal(
    await eventsShown(),
    rest.reduce((sum, [, events]) => sum + events, 0),
  )
  await page.goBack()
  await settled()
  assert.equal(await eventsShown(), count(services))
  await page.goBack()
  await settled()
  assert.equal(await eventsShown(), all)
  await page.goForward()
  await settled()
  await page.getByRole('button', { name: 'Remove: Feature is Services' }).click()
  await settled()
  assert.equal(await eventsShown(), all)
})

test('keys move and compare, a Monday with a Monday; held keys and fields are left alone', async () => {
  await open('')
  await page.keyboard.press('d')
  await settled()
  const today = count(({ day }) => day === '2026-11-20')
  assert.equal(await eventsShown(), today)
  await page.keyboard.press('ArrowLeft')
  await settled()
  assert.equal(
    await eventsShown(),
    count(({ day }) => day === '2026-11-19'),
  )
  await page.keyboard.press('Control+w')
  await page.keyboard.press('c')
  await settled()
  assert.equal(new URL(page.url()).search, '?period=day&on=2026-11-19&compare=previous')
  const [now, before] = [count(({ day }) => day === '2026-11-19'), count(({ day }) => day === '2026-11-12')]
  const change = new Intl.NumberFormat('en-US', {
    style: 'percent',
    maximumFractionDigits: 0,
    signDisplay: 'exceptZero',
  })
  const told = await panel('Over time').locator('.figure em').first().textContent()
  assert.ok(told?.includes(change.format(now / before - 1)), `${told}`)
  await page.keyboard.press('?')
  await page.getByRole('dialog', { name: 'Keys' }).waitFor()
  await page.keyboard.press('d')
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await page.keyboard.press('t')
  await settled()
  assert.equal(new URL(page.url()).search, '?compare=previous')
})

test('files have exactly what is shown', async () => {
  await open('?period=7d&f=version!:2.0.1')
  const save = async (form: string) => {
    await panel(features).locator('summary', { hasText: '⤓' }).click()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      panel(features).getByRole('button', { name: form, exact: true }).click(),
    ])
    return await readFile(await download.path())
  }
  const shown = await rowsOf(features)
  const lines = (await save('CSV')).toString().trimEnd().split('\r\n')
  assert.deepEqual(
    lines.slice(1).map((line) => [titles[line.split(',')[0] as string], Number(line.split(',')[1])]),
    shown,
  )
  const json = JSON.parse((await save('JSON')).toString())
  assert.deepEqual(
    json.rows.map(([feature, events]: [string, number]) => [titles[feature], events]),
    shown,
  )
  assert.deepEqual((await save('PNG')).subarray(1, 4).toString(), 'PNG')
})

test('a note is in the charts of everybody, a shared view in those of whoever has its link', async () => {
  await open(`?period=custom&from=2026-11-13&to=2026-11-17&f=feature:dashboard`)
  await page.keyboard.press('n')
  const dialog = page.getByRole('dialog', { name: 'Notes' })
  await dialog.getByLabel('Day').fill('2026-11-15')
  await dialog.getByLabel('What happened').fill('DC/OS 2.2 released')
  await dialog.getByRole('button', { name: 'Add' }).click()
  await dialog.getByText('DC/OS 2.2 released').waitFor()
  await page.keyboard.press('Escape')
  const events = await eventsShown()
  await page.keyboard.press('s')
  const share = page.getByRole('dialog', { name: 'Share this view' })
  await share.getByLabel('Title').fill('Dashboard in November')
  await share.getByRole('button', { name: 'Make and copy a link' }).click()
  const link = await share.getByLabel('The link').inputValue()
  const guest = await newVisitor(browser)
  await guest.page.goto(link)
  await settled(guest.page)
  assert.equal(await eventsShown(guest.page), events)
  assert.match((await guest.page.locator('h1').textContent()) ?? '', /Dashboard in November/)
  assert.equal(await panel('Live', guest.page).count(), 0)
  assert.equal(await guest.page.getByRole('button', { name: 'Dashboard', exact: true }).count(), 1)
  assert.deepEqual(guest.complaints, [])
  await share.getByRole('button', { name: 'Revoke: Dashboard in November' }).click()
  await share.getByText('Links that work').waitFor({ state: 'detached' })
  await page.keyboard.press('Escape')
  await guest.page.reload()
  await guest.page.getByLabel('Analyst token or admin token').waitFor()
  await guest.context.close()
})

test('an event shows in the live panel within three seconds, without a reload', async () => {
  await open('')
  await world.whole.passTo('2026-11-20T12:20:00Z')
  await open('')
  const hatched = page.locator('.minutes i.few')
  const before = await hatched.count()
  const since = Date.now()
  await world.send([{ day: '2026-11-20', feature: 'dashboard', version: '2.2.0', device: 'live' }])
  await hatched.nth(before).waitFor()
  const waited = Date.now() - since
  assert.ok(waited <= 3000, `${waited} ms`)
})

test('axe finds nothing, in both themes, wide and narrow, in dialogs and in every state', async () => {
  const check = (what: string, of = page) => assertNoViolation(of, what)
  await open('')
  await page.evaluate(`document.querySelector('main').append(new Image())`)
  await assert.rejects(check('the control: a picture without a text'), /image-alt/)
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await page.setViewportSize({ width: 1280, height: 900 })
    await open('?period=7d&compare=previous&f=feature:dashboard')
    await check(`${colorScheme}, filtered, compared`)
    await page.keyboard.press('s')
    await page.getByRole('dialog').waitFor()
    await check(`${colorScheme}, dialog`)
    await page.keyboard.press('Escape')
    await page.setViewportSize({ width: 360, height: 800 })
    await open('')
    await check(`${colorScheme}, narrow`)
    const wide = await page.evaluate<number>('document.documentElement.scrollWidth')
    assert.ok(wide <= 360, `${wide} px wide on a phone of 360`)
    const nobody = await newVisitor(browser, { colorScheme })
    await nobody.page.goto(world.reportingUrl)
    await nobody.page.getByRole('button', { name: 'Sign in' }).waitFor()
    await check(`${colorScheme}, sign-in`, nobody.page)
    await nobody.context.close()
  }
  await page.setViewportSize({ width: 1280, height: 900 })
})

test('an error says what to do, and goes when the server is back', async () => {
  await page.route('**/api/v1/usage**', (route) => route.abort())
  await page.goto(`${world.reportingUrl}/?period=90d`)
  await panel('Over time').getByRole('alert').waitFor()
  assert.match((await panel('Over time').getByRole('alert').textContent()) ?? '', /Reporting does not answer\..*online/)
  await panel('Live').getByRole('alert').waitFor()
  assert.doesNotMatch((await panel('Live').textContent()) ?? '', /Devices this hour/, 'what is not known is not zero')
  await page.unroute('**/api/v1/usage**')
  visitor.complaints.length = 0
  await open('?period=7d')
  assert.ok((await eventsShown()) > 0)
})

test('a server that has too many questions is asked again when it says', async () => {
  let refused = 0
  await page.route('**/api/v1/usage**', (route) => {
    if (refused >= 3) return route.continue()
    refused++
    return route.fulfill({
      status: 503,
      headers: { 'retry-after': '1' },
      body: '{"title":"Too many questions at once"}',
    })
  })
  await open('?period=7d&compare=year')
  await page.unroute('**/api/v1/usage**')
  assert.deepEqual([refused, await page.getByRole('alert').count()], [3, 0])
  visitor.complaints.length = 0
})

test('signing out shows the form again; nothing went to another origin, and no script failed', async () => {
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByLabel('Analyst token or admin token').waitFor()
  assert.deepEqual(
    visitor.requested.filter((url) => !/^(data|blob|about):/.test(url) && !url.startsWith(world.reportingUrl)),
    [],
  )
  assert.deepEqual(visitor.complaints, [])
})
