/** Every panel of the dashboard against the API, asked beside it: each number that is shown is the API's. */
import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import { dayMs, utcDay } from '../../shared/window.ts'
import type { UsageAnswer } from '../fixtures/headcount-process.ts'
import { numberIn, panelOf, readList, readTwin } from './panel-reader.ts'

interface Model {
  readonly datasets: readonly {
    readonly id: string
    readonly title: string
    readonly dimensions: readonly string[]
    readonly measures: readonly string[]
    readonly grains: readonly string[]
  }[]
  readonly dimensions: Readonly<
    Record<
      string,
      {
        readonly title: string
        readonly kind: string
        readonly origin: string
        readonly values?: Readonly<Record<string, string>>
      }
    >
  >
  readonly measures: Readonly<Record<string, { readonly title: string; readonly unit: string }>>
}

export interface Shown {
  /** First day, and the day after the last, `YYYY-MM-DD`; all of it is over or today. */
  readonly from: string
  readonly to: string
  readonly grain: 'hour' | 'day'
}

/** Events by value of a dataset's dimension, counted without Headcount; undefined: not counted. */
export type Independent = (dataset: string, dimension: string) => ReadonlyMap<string, number> | undefined

const whole = new Intl.NumberFormat('en-US')
const percent = new Intl.NumberFormat('en-US', { style: 'percent', maximumFractionDigits: 1 })
const regions = new Intl.DisplayNames('en-US', { type: 'region', fallback: 'code' })

/** @returns how many panels were compared, and how many of them with an independent count as well */
export async function compareEveryPanel(page: Page, shown: Shown, independent: Independent) {
  const model = await api<Model>(page, '/api/v1/dashboard')
  const tally = { panels: 0, independent: 0 }
  const asked = { from: shown.from, to: shown.to }
  for (const { id, title, dimensions, measures } of model.datasets) {
    for (const dimension of dimensions) {
      const described = model.dimensions[dimension]
      const panel = dimensions.length === 1 ? title : `${described?.title} (${title})`
      const rows = await readList(page, panel)
      const answer = await usage(page, { ...asked, dataset: id, by: dimension, grain: 'day' })
      const titleOf = (value: string) => titleOfValue(described, value)
      const sums = new Map<string, { events: number; devices: number; windows: number }>()
      for (const [, value, events, devices] of answer.rows) {
        const sum = sums.get(titleOf(String(value))) ?? { events: 0, devices: 0, windows: 0 }
        sums.set(titleOf(String(value)), {
          events: sum.events + Number(events),
          devices: sum.devices + Number(devices),
          windows: sum.windows + 1,
        })
      }
      assert.deepEqual(
        new Map(rows.map(({ name, events, devices }) => [name, [events, devices]])),
        new Map(
          [...sums].map(([name, sum]) => [name, [sum.events, whole.format(Math.round(sum.devices / sum.windows))]]),
        ),
        panel,
      )
      tally.panels++
      const counted = independent(id, dimension)
      assert.ok(rows.length > 0 || counted?.size === 0, `${panel} has rows`)
      if (!counted) continue
      assert.deepEqual(
        new Map(rows.map(({ name, events }) => [name, events])),
        new Map([...counted].map(([value, events]) => [titleOf(value), events])),
        `${panel}, counted independently`,
      )
      tally.independent++
    }
    const isNamed = (one: string) => model.dimensions[one]?.kind === 'rule' && model.dimensions[one]?.origin === 'event'
    for (const dimension of dimensions.filter(isNamed)) {
      await compareAdoption(
        page,
        `${model.dimensions[dimension]?.title}: share over time (${title})`,
        shown,
        id,
        dimension,
      )
      tally.panels++
    }
    if (measures.length > 0) {
      await compareMeasures(page, `Mean per report (${title})`, shown, id, measures, model)
      tally.panels++
    }
  }
  const main = model.datasets.find(({ grains }) => grains.includes('minute'))?.id ?? ''
  await compareOverTime(page, shown, main)
  await compareUniques(page, main)
  await compareQuality(page)
  return { ...tally, panels: tally.panels + 4 }
}

async function compareOverTime(page: Page, shown: Shown, dataset: string): Promise<void> {
  const { rows } = await usage(page, { ...shown, dataset })
  const panel = panelOf(page, 'Over time')
  for (const [which, column] of [
    [0, 1],
    [1, 2],
  ] as const) {
    const cells = (await readTwin(panel, which)).map(([cell]) => numberIn(cell)).filter((count) => count > 0)
    assert.deepEqual(
      cells,
      rows.map((row) => row[column]),
      `Over time, ${which === 0 ? 'events' : 'devices'}`,
    )
  }
  const total = rows.reduce((sum, row) => sum + Number(row[1]), 0)
  assert.equal(numberIn(await panel.locator('.figure strong').first().textContent()), total)
}

async function compareAdoption(page: Page, title: string, shown: Shown, dataset: string, by: string): Promise<void> {
  const { rows } = await usage(page, { ...shown, dataset, by, metrics: 'events' })
  const panel = panelOf(page, title)
  assert.equal(await panel.count(), 1, title)
  const names = await panel.locator('.legend li').allTextContents()
  const windows = [...new Set(rows.map(([window]) => window))]
  const table = (await readTwin(panel)).filter((cells) => cells.some((cell) => cell !== '–'))
  assert.equal(table.length, windows.length, title)
  for (const [at, window] of windows.entries()) {
    const own = rows.filter((row) => row[0] === window)
    const total = own.reduce((sum, row) => sum + Number(row[2]), 0)
    for (const [column, name] of names.entries()) {
      if (name === 'All others') continue
      const events = Number(own.find(([, value]) => value === (name === '(not said)' ? '(none)' : name))?.[2] ?? 0)
      assert.equal(table[at]?.[column], percent.format(events / total), `${title}, ${window}, ${name}`)
    }
  }
}

async function compareMeasures(
  page: Page,
  title: string,
  shown: Shown,
  dataset: string,
  measures: readonly string[],
  model: Model,
): Promise<void> {
  const { rows } = await usage(page, { ...shown, dataset, metrics: measures.join(',') })
  const told = await panelOf(page, title)
    .locator('table.bars tbody tr')
    .evaluateAll((found) =>
      found.map((row) => [...row.querySelectorAll('th, td')].slice(0, 3).map((cell) => cell.textContent)),
    )
  const fine = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 })
  const format = (value: number) =>
    Math.abs(value) < 100 && !Number.isInteger(value) ? fine.format(value) : whole.format(Math.round(value))
  assert.deepEqual(
    told,
    measures.map((id, at) => [
      `${model.measures[id]?.title} ${model.measures[id]?.unit}`,
      format(Number(rows[0]?.[at + 1])),
      format(Number(rows.at(-1)?.[at + 1])),
    ]),
    title,
  )
}

async function compareUniques(page: Page, dataset: string): Promise<void> {
  // The week that is not over yet, by the clock of the installations that are looked at, which is the real one.
  const to = utcDay(Date.now() + 8 * dayMs)
  for (const [grain, from] of [
    ['week', '2014-12-29'],
    ['month', '2015-01-01'],
  ] as const) {
    const cells = (await readTwin(panelOf(page, `Devices of a ${grain}`))).flat().map(numberIn)
    const { rows } = await usage(page, { dataset, grain, from, to, metrics: 'devices' })
    const devices = rows.map((row) => Number(row[1]))
    assert.ok(cells.length > 0 && devices.length > 0)
    // Weeks without a cell are noughts here and absent there.
    const some = (count: number) => count > 0
    assert.deepEqual(cells.filter(some), devices.filter(some), `Devices of a ${grain}`)
  }
}

async function compareQuality(page: Page): Promise<void> {
  const path = '/api/v1/quality'
  const { quarantined, not_counted: dropped } = await api<Record<'quarantined' | 'not_counted', { events: number }[]>>(
    page,
    path,
  )
  const rows = panelOf(page, 'Completeness').locator('tbody tr td:last-child')
  const told = (await rows.allTextContents()).map(numberIn)
  const events = (of: { events: number }[]) => of.map((one) => one.events)
  assert.deepEqual(told, [...events(quarantined).slice(0, 12), ...events(dropped)], 'Completeness')
}

function titleOfValue(described: Model['dimensions'][string] | undefined, value: string): string {
  if (value === '(none)') return '(not said)'
  if (described?.origin === 'address.country' && /^[A-Z]{2}$/.test(value)) return regions.of(value) ?? value
  return described?.values?.[value] ?? value
}

function usage(page: Page, query: Record<string, string>): Promise<UsageAnswer> {
  const { metrics = 'events,devices', ...rest } = query
  return api(page, `/api/v1/usage?${new URLSearchParams({ metrics, ...rest })}`)
}

/** With the session that the page has. */
function api<T>(page: Page, path: string): Promise<T> {
  return page.evaluate(async (asked) => {
    for (;;) {
      const response = await fetch(asked)
      if (response.status !== 503) return response.json()
      await new Promise((resolve) => setTimeout(resolve, 1000))
    }
  }, path) as Promise<T>
}
