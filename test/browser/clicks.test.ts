/** Five tasks on the dashboard: each gives the right answer, in as many clicks and keys as are written down. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { launchChromium, newVisitor, type Visitor } from './chromium.ts'
import { clickTable } from './click-table.ts'
import { comparedTasks } from './documented-flows.ts'
import { countInputs, inputsOf } from './input-counter.ts'
import { startTaskWorld, type TaskWorld } from './task-world.ts'
import { type Done, doTask, openForTasks, tasks } from './tasks.ts'

const document = await readFile(new URL('../../infra/dashboard-tasks.md', import.meta.url), 'utf8')
let browser: Browser
let world: TaskWorld
let visitor: Visitor
const done: Done[] = []
before(async () => {
  browser = await launchChromium()
  world = await startTaskWorld()
  visitor = await openForTasks(browser, world)
})
after(async () => {
  await browser.close()
  await world.whole.remove()
})

test('the counter sees every press of the mouse and of a key, and none that a script makes', async () => {
  const { context, page } = await newVisitor(browser)
  await countInputs(context)
  await page.goto(`${world.whole.headcount.reportingUrl}/about`)
  await page.mouse.click(5, 5)
  await page.keyboard.press('a')
  await page.keyboard.press('Tab')
  await page.evaluate(() => (globalThis as unknown as { document: { body: { click(): void } } }).document.body.click())
  assert.deepEqual(await inputsOf(page), { clicks: 1, keys: 2 })
  await context.close()
})

for (const task of tasks)
  test(`${task.name}: the page's answer is the one that is counted independently`, async () => {
    const one = await doTask(task, visitor, browser, world)
    assert.equal(one.answer, one.expected)
    assert.deepEqual(one.complaints, [])
    done.push(one)
  })

test('infra/dashboard-tasks.md has the clicks that were counted, and every page that they are compared with', () => {
  assert.ok(document.includes(clickTable(done)), clickTable(done))
  for (const { plausible, umami } of comparedTasks)
    for (const source of [...plausible.sources, ...(umami?.sources ?? [])]) assert.ok(document.includes(source), source)
})
