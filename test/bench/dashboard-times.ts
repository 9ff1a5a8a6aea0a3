/** How long the dashboard takes in Chromium, as somebody sees it who looks at it. */
import type { Browser } from 'playwright-core'
import { newVisitor } from '../browser/chromium.ts'

export interface View {
  /** From asking for the page until the first number that is not zero. */
  readonly firstMs: number
  /** How long each panel waited for its data, from its first being there to its first data being drawn. */
  readonly panels: readonly { readonly title: string; readonly waitedMs: number }[]
}

interface Watched {
  waits?: Record<string, { from: number; to?: number }>
}

export class DashboardTimes {
  readonly #browser: Browser
  readonly #url: string
  readonly #link: () => Promise<string>

  /** @param link makes a sign-in link */
  constructor(browser: Browser, url: string, link: () => Promise<string>) {
    this.#browser = browser
    this.#url = url
    this.#link = link
  }

  /** Opens a view as a signed-in visitor with nothing cached but the page's files. */
  async look(query: string): Promise<View> {
    const { page, context } = await newVisitor(this.#browser)
    context.setDefaultTimeout(120_000)
    const busy = page.locator('[aria-busy="true"]').first()
    await page.goto(await this.#link())
    await page.locator('.panel').first().waitFor()
    await busy.waitFor({ state: 'detached' })
    await page.addInitScript({ content: watchPanels })
    const started = performance.now()
    await page.goto(`${this.#url}/${query}`, { waitUntil: 'commit' })
    await page.locator('.figure strong').first().filter({ hasText: /[1-9]/ }).waitFor()
    const firstMs = performance.now() - started
    await page.locator('.panel').first().waitFor()
    await busy.waitFor({ state: 'detached' })
    const waits = await page.evaluate(() => (globalThis as Watched).waits ?? {})
    await context.close()
    const panels = Object.entries(waits).map(([title, { from, to = Number.NaN }]) => ({ title, waitedMs: to - from }))
    return { firstMs, panels }
  }
}

/** Runs in the page: notes when each panel is first there and when it first stops being busy. */
const watchPanels = `
  const waits = (globalThis.waits = {})
  new MutationObserver(() => {
    for (const panel of document.querySelectorAll('.panel')) {
      const wait = (waits[panel.querySelector('h2').textContent] ??= { from: performance.now() })
      if (panel.getAttribute('aria-busy') !== 'true') wait.to ??= performance.now()
    }
  }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ['aria-busy'] })
`
