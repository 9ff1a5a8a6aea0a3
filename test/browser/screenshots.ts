/** `npm run screenshots`: the page at /privacy and the dashboard as people see them, into infra/pictures/. */
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { WholeInstallation } from '../privacy/whole-installation.ts'
import { launchChromium, newVisitor } from './chromium.ts'
import { photographDashboard } from './dashboard-screenshots.ts'

const folder = fileURLToPath(new URL('../../infra/pictures', import.meta.url))
const world = await WholeInstallation.start(undefined, {
  HEADCOUNT_OPERATOR: 'Example Ltd',
  HEADCOUNT_CONTACT: 'privacy@example.com',
})
const browser = await launchChromium()
try {
  for (const [colorScheme, width] of [
    ['light', 1280],
    ['dark', 1280],
    ['light', 360],
    ['dark', 360],
  ] as const) {
    const { page } = await newVisitor(browser, { colorScheme, viewport: { width, height: 900 } })
    await page.goto(`${world.headcount.collectorUrl}/privacy`)
    await page.getByRole('button', { name: 'Do not count this browser' }).click()
    await page.getByText('Done.').waitFor()
    const file = path.join(folder, `privacy-${colorScheme}-${width}.png`)
    await page.screenshot({ path: file, fullPage: process.argv.includes('--whole') })
    process.stdout.write(`${path.relative(process.cwd(), file)}\n`)
  }
  await world.remove()
  for (const file of await photographDashboard(browser, folder, process.argv.includes('--whole')))
    process.stdout.write(`${path.relative(process.cwd(), file)}\n`)
} finally {
  await browser.close()
  await world.remove()
}
