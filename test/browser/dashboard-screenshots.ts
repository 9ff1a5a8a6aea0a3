/** The dashboard as people see it, into infra/pictures/: run by `npm run screenshots`. */
import path from 'node:path'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { signInLink } from '../../services/reporting/dashboard/sign-in-links.ts'
import { WholeInstallation } from '../privacy/whole-installation.ts'
import { newVisitor } from './chromium.ts'
import { startPictureWorld } from './picture-world.ts'

interface Shot {
  readonly name: string
  readonly search: string
  readonly colorScheme: 'light' | 'dark'
  readonly width: number
  readonly before?: (page: Page) => Promise<unknown>
}

const shots: readonly Shot[] = [
  { name: 'overview-light-1280', search: '', colorScheme: 'light', width: 1280 },
  { name: 'overview-dark-1280', search: '', colorScheme: 'dark', width: 1280 },
  { name: 'overview-light-360', search: '?period=7d', colorScheme: 'light', width: 360 },
  { name: 'overview-dark-2560', search: '', colorScheme: 'dark', width: 2560 },
  { name: 'filtered-light-1280', search: '?period=7d&f=feature:services', colorScheme: 'light', width: 1280 },
  { name: 'compared-dark-1280', search: '?period=day&compare=previous', colorScheme: 'dark', width: 1280 },
  {
    name: 'suppressed-light-1280',
    search: '?period=7d&f=feature:organization',
    colorScheme: 'light',
    width: 1280,
  },
  {
    name: 'error-light-1280',
    search: '?period=90d',
    colorScheme: 'light',
    width: 1280,
    before: (page) => page.route('**/api/v1/usage**', (route) => route.abort()),
  },
]

/** One installation after the other: a process can have one folder of tables open. */
export async function photographDashboard(browser: Browser, folder: string, isWhole: boolean): Promise<string[]> {
  const files: string[] = []
  const world = await startPictureWorld()
  try {
    for (const shot of shots) files.push(await photograph(browser, world, folder, shot, isWhole))
  } finally {
    await world.remove()
  }
  const empty = await WholeInstallation.start(undefined, { HEADCOUNT_K: '10' })
  try {
    const shot: Shot = { name: 'empty-light-1280', search: '', colorScheme: 'light', width: 1280 }
    return [...files, await photograph(browser, empty, folder, shot, isWhole)]
  } finally {
    await empty.remove()
  }
}

async function photograph(
  browser: Browser,
  whole: WholeInstallation,
  folder: string,
  { name, search, colorScheme, width, before }: Shot,
  isWhole: boolean,
): Promise<string> {
  const options: BrowserContextOptions = {
    colorScheme,
    locale: 'en-GB',
    viewport: { width, height: width < 500 ? 800 : 1000 },
  }
  const { page, context } = await newVisitor(browser, options)
  context.setDefaultTimeout(120_000)
  const { reportingUrl, desk } = whole.headcount
  await page.goto(signInLink(reportingUrl, await desk.signIn('analyst')))
  await page.locator('.panel').first().waitFor()
  await before?.(page)
  await page.goto(`${reportingUrl}/${search}`)
  await page.locator('.panel').first().waitFor()
  await page.locator('[aria-busy="true"]').first().waitFor({ state: 'detached' })
  const file = path.join(folder, `dashboard-${name}.png`)
  await page.screenshot({ path: file, fullPage: isWhole })
  await context.close()
  return file
}
