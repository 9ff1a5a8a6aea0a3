/** The real access log in the dashboard: every panel has the API's numbers, and those that awk and a count of the lines have. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import type { Browser } from 'playwright-core'
import {
  type RunningHeadcount,
  removeDirectory,
  runCommand,
  startProcess,
  temporaryDirectory,
} from '../fixtures/headcount-process.ts'
import { launchChromium, newVisitor, type Visitor } from './chromium.ts'
import { compareEveryPanel } from './every-panel.ts'
import { settled } from './panel-reader.ts'

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/access-log/${name}`, import.meta.url))
const logFile = fixture('apache-access.log.gz')
const settings = { HEADCOUNT_CATALOGUE: fixture('catalogue.yaml'), HEADCOUNT_K: '1' }
const days = { from: '2015-05-17', last: '2015-05-20', to: '2015-05-21' }

let dataDir: string
let running: RunningHeadcount
let browser: Browser
let visitor: Visitor
before(async () => {
  dataDir = await temporaryDirectory()
  const { code, output } = await runCommand(dataDir, settings, 'import', logFile, '--format', 'combined', '--keep-bots')
  assert.equal(code, 0, output)
  running = await startProcess(dataDir, settings)
  browser = await launchChromium()
  visitor = await newVisitor(browser, { locale: 'en-US' })
  visitor.context.setDefaultTimeout(120_000)
})
after(async () => {
  await browser.close()
  await running.stop()
  await removeDirectory(dataDir)
})

/** Requests by section, as awk counts them. */
function sectionsByAwk(): Map<string, number> {
  const program = fileURLToPath(new URL('../flow/count-access-log.awk', import.meta.url))
  const input = gunzipSync(readFileSync(logFile))
  const lines = execFileSync('awk', ['-f', program], { input, env: { LC_ALL: 'C', PATH: process.env.PATH } }).toString()
  const counts = new Map<string, number>()
  for (const line of lines.trim().split('\n')) {
    const [kind, , section = '', count] = line.split(' ')
    if (kind === 'requests') counts.set(section, (counts.get(section) ?? 0) + Number(count))
  }
  return counts
}

test('every number on the page is the API’s, and the sections’ are those of awk', async () => {
  const { page } = visitor
  await page.goto(/Dashboard\s+(http:\S+)/.exec(running.output())?.[1] ?? '')
  await settled(page)
  await page.goto(`${running.reportingUrl}/?period=custom&from=${days.from}&to=${days.last}`)
  await settled(page)
  const sections = sectionsByAwk()
  assert.equal(
    [...sections.values()].reduce((sum, count) => sum + count, 0),
    10_000,
  )
  const shown = { from: days.from, to: days.to, grain: 'day' } as const
  const tally = await compareEveryPanel(page, shown, (dataset) => (dataset === 'sections' ? sections : undefined))
  assert.deepEqual(tally, { panels: 8, independent: 1 })
  assert.deepEqual(visitor.complaints, [])
})
