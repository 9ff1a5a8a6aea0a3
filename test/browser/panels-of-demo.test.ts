/** The demo through the real door, in the dashboard: every panel has the API's numbers and those counted from what was sent. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { Random } from '../../services/command-line/demo-random.ts'
import { DemoRun } from '../../services/command-line/demo-run.ts'
import { choosePanel } from '../../services/command-line/demo-usage.ts'
import { makeWorld } from '../../services/command-line/demo-world.ts'
import { readCatalogue } from '../../shared/catalogue-file.ts'
import {
  credentialsOf,
  type RunningHeadcount,
  removeDirectory,
  startProcess,
  temporaryDirectory,
} from '../fixtures/headcount-process.ts'
import { launchChromium, newVisitor, type Visitor } from './chromium.ts'
import { countTapped, tapped } from './demo-tap.ts'
import { compareEveryPanel } from './every-panel.ts'
import { settled } from './panel-reader.ts'

const pace = { seconds: 4, rate: 400, seed: 7 }
let dataDir: string
let running: RunningHeadcount
let browser: Browser
let visitor: Visitor
before(async () => {
  dataDir = await temporaryDirectory()
  running = await startProcess(dataDir, { HEADCOUNT_K: '1' })
  browser = await launchChromium()
  visitor = await newVisitor(browser, { locale: 'en-US' })
  visitor.context.setDefaultTimeout(120_000)
})
after(async () => {
  await browser.close()
  await running.stop()
  await removeDirectory(dataDir)
})

test('every number on the page is the API’s, and each list’s the one counted from the batches', async () => {
  const catalogue = readCatalogue('')
  const { collectorUrl, reportingUrl } = running
  const startedAt = Date.now()
  const run = { id: randomBytes(4).toString('hex'), startedAt, random: new Random(pace.seed) }
  const { world, batches } = tapped(makeWorld(run, catalogue))
  const credentials = await credentialsOf(dataDir)
  const installation = { collectorUrl, reportingUrl, credentials, catalogue, isOwn: true, close: async () => undefined }
  const panel = choosePanel(catalogue)
  assert.ok(panel)
  const demo = new DemoRun({ installation, world, panel, startedAt, ...pace })
  await demo.begin()
  await demo.send(new AbortController().signal)
  await demo.settle()
  assert.equal(demo.sender.tally.unanswered, 0)
  const { page } = visitor
  await page.goto(/Dashboard\s+(http:\S+)/.exec(running.output())?.[1] ?? '')
  await settled(page)
  await page.goto(`${reportingUrl}/?period=7d`)
  await settled(page)
  const day = (ms: number) => new Date(ms).toISOString().slice(0, 10)
  const shown = { from: day(startedAt - 6 * 86_400_000), to: day(Date.now() + 86_400_000), grain: 'day' } as const
  const tally = await compareEveryPanel(page, shown, (dataset, dimension) => countTapped(batches, dataset, dimension))
  assert.deepEqual(tally, { panels: 22, independent: 13 })
  assert.deepEqual(visitor.complaints, [])
  await page.setViewportSize({ width: 360, height: 800 })
  const tooWide = await page.evaluate<string[]>(`[...document.querySelectorAll('.panel table')]
    .filter((table) => table.closest('.scroll') === null && table.checkVisibility())
    .filter((table) => table.getBoundingClientRect().right > table.closest('.panel').getBoundingClientRect().right)
    .map((table) => table.closest('.panel').querySelector('h2').textContent)`)
  assert.deepEqual(tooWide, [], 'wider than their panel on a phone')
  assert.ok((await page.evaluate<number>('document.documentElement.scrollWidth')) <= 360)
  const bots = batches.filter(({ bot }) => bot).flatMap(({ events }) => events).length
  const { not_counted: dropped } = (await page.evaluate(async () => (await fetch('/api/v1/quality')).json())) as {
    not_counted: { reason: string; events: number }[]
  }
  const told = dropped.find(({ reason }) => reason === 'bot')?.events ?? 0
  assert.ok(bots > 0 && told >= bots && told <= 2 * bots, `${told} of ${bots} events of bots, some sent twice`)
})
