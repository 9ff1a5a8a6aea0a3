/** Five questions that people come with, each asked of the page as a person does, with the answer counted beside it. */
import { readFile } from 'node:fs/promises'
import type { Browser, Locator, Page } from 'playwright-core'
import { signInLink } from '../../services/reporting/dashboard/sign-in-links.ts'
import { newVisitor, type Visitor } from './chromium.ts'
import { countInputs, type Inputs, inputsOf } from './input-counter.ts'
import type { TaskWorld } from './task-world.ts'

export interface Task {
  readonly name: string
  /** What the page says. */
  readonly read: (page: Page, browser: Browser) => Promise<string>
  /** The same, counted from what was sent. */
  readonly expected: (world: TaskWorld) => string
}

export interface Done extends Inputs {
  readonly name: string
  readonly answer: string
  readonly expected: string
  readonly tookMs: number
  readonly complaints: readonly string[]
}

export const tasks: readonly Task[] = [
  {
    name: 'Which version is rising',
    read: async (page) => rowText(panel(page, 'DC/OS or package version: what moved').locator('tbody tr').first()),
    expected: (world) => moved(world, ({ version }) => version).at(0) ?? '',
  },
  {
    name: 'Which feature fell this week',
    read: async (page) => rowText(panel(page, 'Feature: what moved').locator('tbody tr').last()),
    expected: (world) => moved(world, ({ feature }) => titles[feature] ?? feature).at(-1) ?? '',
  },
  {
    name: 'Share of AWS',
    read: async (page) =>
      (await providers(page).locator('tbody tr', { hasText: 'aws' }).locator('td small').first().textContent()) ?? '',
    expected: ({ sent }) => {
      const reports = sent.filter(({ provider }) => provider !== undefined)
      return `${Math.round((1000 * reports.filter(({ provider }) => provider === 'aws').length) / reports.length) / 10}%`
    },
  },
  {
    name: 'Export it',
    read: async (page) => {
      await providers(page).locator('summary', { hasText: '⤓' }).click()
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        providers(page).getByRole('button', { name: 'CSV', exact: true }).click(),
      ])
      const lines = (await readFile(await download.path(), 'utf8')).trimEnd().split('\r\n')
      return lines.map((line) => line.split(',').slice(0, 2).join(' ')).join(', ')
    },
    expected: ({ sent }) => {
      const counts = countBy(sent, ({ provider }) => provider)
      const rows = [...counts].sort(([, a], [, b]) => b - a).map(([provider, count]) => `${provider} ${count}`)
      return ['provider events', ...rows].join(', ')
    },
  },
  {
    name: 'Share it',
    read: async (page, browser) => {
      await page.getByRole('button', { name: 'Share', exact: true }).click()
      const dialog = page.getByRole('dialog', { name: 'Share this view' })
      await dialog.getByRole('button', { name: 'Make and copy a link' }).click()
      await dialog.getByText('Copied').waitFor()
      const link = await page.evaluate<string>('navigator.clipboard.readText()')
      const guest = await newVisitor(browser, { locale: 'en-US' })
      await guest.page.goto(link)
      await settled(guest.page)
      const events = await panel(guest.page, 'Over time').locator('.figure strong').first().textContent()
      await guest.context.close()
      return `${events} events on closed days`
    },
    // Of the last three days the newest is today, and the two before it can still get events that come late.
    expected: ({ sent, thisWeek }) => {
      const open = thisWeek.at(-1) ?? ''
      const events = sent.filter(({ day }) => day < open).length
      return `${events.toLocaleString('en-US')} events on closed days`
    },
  },
]

/** The page as it opens after signing in; no task leaves it otherwise than it found it, but the last, with a dialog open. */
export async function openForTasks(browser: Browser, { whole }: TaskWorld): Promise<Visitor> {
  const visitor = await newVisitor(browser, {
    locale: 'en-US',
    acceptDownloads: true,
    permissions: ['clipboard-read', 'clipboard-write'],
  })
  visitor.context.setDefaultTimeout(120_000)
  await countInputs(visitor.context)
  await visitor.page.goto(signInLink(whole.headcount.reportingUrl, await whole.headcount.desk.signIn('analyst')))
  await settled(visitor.page)
  return visitor
}

export async function doTask(task: Task, visitor: Visitor, browser: Browser, world: TaskWorld): Promise<Done> {
  const { page, complaints } = visitor
  const before = await inputsOf(page)
  const started = performance.now()
  const answer = await task.read(page, browser)
  const tookMs = performance.now() - started
  const { clicks, keys } = await inputsOf(page)
  return {
    ...{ name: task.name, answer, tookMs, complaints: [...complaints] },
    expected: task.expected(world),
    clicks: clicks - before.clicks,
    keys: keys - before.keys,
  }
}

async function settled(page: Page): Promise<void> {
  await page.locator('.panel').first().waitFor()
  await page.locator('[aria-busy="true"]').first().waitFor({ state: 'detached' })
}

function panel(page: Page, title: string): Locator {
  return page.locator('section.panel', { has: page.getByRole('heading', { name: title, exact: true }) })
}

const providers = (page: Page) => panel(page, 'Where it runs (Deployments)')

async function rowText(row: Locator): Promise<string> {
  return (await row.locator('th, td').allTextContents()).join(' ')
}

const titles: Readonly<Record<string, string>> = {
  dashboard: 'Dashboard',
  services: 'Services',
  jobs: 'Jobs',
  mesos_track: 'Cluster report',
}

/** As the page's rows: name, week before, this week, change; the largest rise first, the largest fall last. */
function moved({ sent, thisWeek, weekBefore }: TaskWorld, of: (one: TaskWorld['sent'][number]) => string): string[] {
  const before = countBy(
    sent.filter(({ day }) => weekBefore.includes(day)),
    of,
  )
  const after = countBy(
    sent.filter(({ day }) => thisWeek.includes(day)),
    of,
  )
  const change = (value: string) => (after.get(value) ?? 0) - (before.get(value) ?? 0)
  return [...before.keys()]
    .filter((value) => change(value) !== 0)
    .sort((a, b) => change(b) - change(a))
    .map((value) => {
      const [was, is] = [before.get(value) ?? 0, after.get(value) ?? 0]
      const percent = Math.round((100 * (is - was)) / was)
      return `${value} ${was.toLocaleString('en-US')} ${is.toLocaleString('en-US')} ${is < was ? '↓' : '↑ +'}${is < was ? ' ' : ''}${percent}%`
    })
}

function countBy<T>(all: readonly T[], of: (one: T) => string | undefined): Map<string, number> {
  const counts = new Map<string, number>()
  for (const one of all) {
    const value = of(one)
    if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1)
  }
  return counts
}
