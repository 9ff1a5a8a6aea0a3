/** The installed Chromium, driven over its own protocol; nothing is downloaded. */
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
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

/** Without a word of being headless: crawlers are not counted. */
export const userAgent =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Safari/537.36'

/**
 * @param backForwardCache keep pages that were left, as browsers do; the driver turns that off by itself
 * @throws Error when there is none: what a browser does is not shown without one
 */
export async function launchChromium({ backForwardCache = false } = {}): Promise<Browser> {
  const ignoreDefaultArgs = backForwardCache ? ['--disable-back-forward-cache'] : []
  return await chromium.launch({ ...launchOptions(), ignoreDefaultArgs })
}

function launchOptions(): { executablePath: string; chromiumSandbox: boolean; args: string[] } {
  const executablePath = places.find((place) => place !== '' && existsSync(place))
  if (executablePath === undefined)
    throw new Error('there is no Chromium: install it (apt-get install chromium), or give its path as CHROMIUM')
  // The context's own user agent is not on what a page sends while it goes.
  const args = [`--user-agent=${userAgent}`]
  // As root, in a container, its sandbox does not start; it only ever opens pages of our own here.
  return { executablePath, chromiumSandbox: false, args }
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
  return watch(await browser.newContext({ userAgent, ...options }))
}

async function watch(context: BrowserContext): Promise<Visitor> {
  const requested: string[] = []
  const complaints: string[] = []
  context.on('request', (request) => requested.push(request.url()))
  context.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  context.on('weberror', (error) => complaints.push(String(error.error())))
  return { context, page: await context.newPage(), requested, complaints }
}

/** A browser that takes no cookie from anybody, as a person sets it in its preferences. */
export async function visitorWithoutCookies(profileDir: string): Promise<Visitor> {
  await mkdir(path.join(profileDir, 'Default'), { recursive: true })
  const preferences = { profile: { default_content_setting_values: { cookies: 2 } } }
  await writeFile(path.join(profileDir, 'Default', 'Preferences'), JSON.stringify(preferences))
  const context = await chromium.launchPersistentContext(profileDir, { ...launchOptions(), userAgent })
  return watch(context)
}
