/** The installed Chromium, driven over its own protocol; nothing is downloaded. */
import { existsSync } from 'node:fs'
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core'

const places = [
  process.env.CHROMIUM ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** @throws Error when there is none: what a browser does is not shown without one */
export async function launchChromium(): Promise<Browser> {
  const executablePath = places.find((place) => place !== '' && existsSync(place))
  if (executablePath === undefined)
    throw new Error('there is no Chromium: install it (apt-get install chromium), or give its path as CHROMIUM')
  // As root, in a container, its sandbox does not start; it only ever opens pages of our own here.
  return await chromium.launch({ executablePath, chromiumSandbox: false })
}

/** A browser with a profile of its own, and everything that it asked for. */
export interface Visitor {
  readonly context: BrowserContext
  readonly page: Page
  /** URLs that any of its pages asked for. */
  readonly requested: string[]
  /** What its pages complained of: script errors, refused by the policy for content. */
  readonly complaints: string[]
}

export async function newVisitor(browser: Browser, options: BrowserContextOptions = {}): Promise<Visitor> {
  const context = await browser.newContext(options)
  const requested: string[] = []
  const complaints: string[] = []
  context.on('request', (request) => requested.push(request.url()))
  context.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  context.on('weberror', (error) => complaints.push(String(error.error())))
  return { context, page: await context.newPage(), requested, complaints }
}
