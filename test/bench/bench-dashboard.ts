/**
 * `npm run bench:dashboard`: the dashboard in Chromium on a year of cells: when its first number is there, how long each of
 * its questions takes, and how long until all panels have their data.
 */
import { signInLink } from '../../services/reporting/dashboard/sign-in-links.ts'
import { launchChromium, newVisitor } from '../browser/chromium.ts'
import { WholeInstallation } from '../privacy/whole-installation.ts'
import { fillYear } from './year-of-cells.ts'

const now = '2026-11-25T12:00:30Z'
const views = [
  '',
  '?period=90d',
  '?period=12mo',
  '?period=year',
  '?period=30d&f=version:2.0.0',
  '?period=30d&compare=previous',
]

const world = await WholeInstallation.start(undefined, { HEADCOUNT_K: '10' }, now)
const browser = await launchChromium()
try {
  const { warehouse } = world.headcount.engines
  const log = (line: string) => void process.stderr.write(`${line}\n`)
  const cells = await fillYear(warehouse, world.headcount.catalogue, Date.parse('2026-11-25'), log)
  process.stdout.write(
    `${(cells / 1e6).toFixed(1)} million cells\n\nview | first number, ms | all panels, ms | questions | median, ms | p95, ms | slowest, ms\n--- | --- | --- | --- | --- | --- | ---\n`,
  )
  const { reportingUrl, desk } = world.headcount
  for (const view of views)
    for (const turn of ['first', 'again']) {
      const { page, context } = await newVisitor(browser)
      context.setDefaultTimeout(120_000)
      await page.goto(signInLink(reportingUrl, await desk.signIn('analyst')))
      await page.locator('.panel').first().waitFor()
      await page.locator('[aria-busy="true"]').first().waitFor({ state: 'detached' })
      const taken: number[] = []
      page.on('requestfinished', (request) => {
        if (request.url().includes('/api/v1/usage'))
          taken.push(request.timing().responseEnd - request.timing().requestStart)
      })
      const started = performance.now()
      await page.goto(`${reportingUrl}/${view}`, { waitUntil: 'commit' })
      await page.locator('.figure strong').first().filter({ hasText: /[1-9]/ }).waitFor()
      const first = performance.now() - started
      await page.locator('[aria-busy="true"]').first().waitFor({ state: 'detached' })
      const all = performance.now() - started
      taken.sort((a, b) => a - b)
      const at = (share: number) =>
        (taken[Math.min(taken.length - 1, Math.floor(taken.length * share))] ?? 0).toFixed(0)
      process.stdout.write(
        `${view || '30 days'}, ${turn} | ${first.toFixed(0)} | ${all.toFixed(0)} | ${taken.length} | ${at(0.5)} | ${at(0.95)} | ${at(1)}\n`,
      )
      await context.close()
    }
} finally {
  await browser.close()
  await world.remove()
}
