/** What the panels of the dashboard say, as numbers: for comparing them with what the API says and with independent counts. */
import type { Locator, Page } from 'playwright-core'

export interface ListedRow {
  readonly name: string
  readonly events: number
  /** As shown; empty where devices are not counted. */
  readonly devices: string
}

export async function settled(page: Page): Promise<void> {
  await page.locator('.panel').first().waitFor()
  await page.locator('[aria-busy="true"]').first().waitFor({ state: 'detached' })
}

export function panelOf(page: Page, title: string): Locator {
  return page.locator('section.panel', { has: page.getByRole('heading', { name: title, exact: true }) })
}

export const numberIn = (text: string | null | undefined): number => Number((text ?? '').replaceAll(',', ''))

/** All rows of a list, also those behind "All 12". */
export async function readList(page: Page, title: string): Promise<ListedRow[]> {
  const panel = panelOf(page, title)
  const more = panel.getByRole('button', { name: /^All \d+$/ })
  if ((await more.count()) > 0) await more.click()
  const rows = await panel.locator('table.bars tbody tr').evaluateAll((found) =>
    found.map((row) => {
      const [events, devices] = row.querySelectorAll('td')
      return {
        name: row.querySelector('th button')?.textContent ?? '',
        events: events?.firstChild?.textContent ?? '',
        devices: devices?.textContent ?? '',
      }
    }),
  )
  return rows.map(({ events, ...row }) => ({ ...row, events: numberIn(events) }))
}

/** Cells of the table below a chart, row by row, without the window's name. */
export async function readTwin(panel: Locator, which = 0): Promise<string[][]> {
  const twin = panel.locator('.twin').nth(which)
  // Its rows are made when it is opened.
  if ((await twin.getAttribute('open')) === null) await twin.locator('summary').click()
  const rows = twin.locator('tbody tr')
  await rows.first().waitFor()
  return rows.evaluateAll((found) =>
    found.map((row) => [...row.querySelectorAll('td')].map((cell) => cell.textContent ?? '')),
  )
}
