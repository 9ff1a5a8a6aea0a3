/**
 * cookies-off: "You may be able to … limit your device's acceptance of cookies". A Chromium that refuses them is counted, by
 * the day only: nothing that is stored, of any grain, has its two days together.
 */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { launchChromium, newVisitor, type Visitor, visitorWithoutCookies } from '../browser/chromium.ts'
import { counted, SendingPage } from '../browser/sending-page.ts'
import { withTemporaryDirectory } from '../fixtures/temporary-directory.ts'
import { WholeInstallation } from '../privacy/whole-installation.ts'

let browser: Browser
let world: WholeInstallation
before(async () => {
  browser = await launchChromium()
})
beforeEach(async () => {
  await world?.remove()
  world = await WholeInstallation.start()
})
after(async () => {
  await browser.close()
  await world.remove()
})

const [firstDay, secondDay] = ['2026-11-20', '2026-11-21']
const grains = ['minute', 'hour', 'day', 'week', 'month']

/** Two visits on each of two days; the second day's are at the same times. */
async function visitTwoDays(visitor: Visitor): Promise<[number, number][]> {
  const page = new SendingPage(world, visitor)
  const days: [number, number][] = []
  for (const day of [firstDay, secondDay]) {
    world.clock.set(`${day}T12:00:30Z`)
    for (let visit = 0; visit < 2; visit++) await page.visit()
    days.push(await counted(world, 'day'))
  }
  return days
}

/**
 * Devices that the stored states tell apart, by grain: of the first day, of the second, and of both together. Where both
 * together are fewer than the two, some device of one day is seen to be one of the other.
 */
async function devicesInStates(): Promise<Record<string, { first: number; second: number; both: number }>> {
  const merged = (when: string) => `toUInt32(uniqCombined64MergeIf(17)(state, ${when}))`
  const rows = await world.headcount.engines.warehouse.select<{
    grain: string
    first: number
    second: number
    both: number
  }>(
    `SELECT grain, ${merged(`toDate(window) = '${firstDay}'`)} AS first, ${merged(`toDate(window) = '${secondDay}'`)} AS second,
${merged('1')} AS both FROM cells WHERE dataset = 'feature_usage' AND stage = 'open' GROUP BY grain`,
  )
  return Object.fromEntries(
    rows.map(({ grain, ...counts }) => [
      grain,
      Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, Number(count)])),
    ]),
  ) as Record<string, { first: number; second: number; both: number }>
}

test('without cookies two days of a browser are not linked in any grain', () =>
  withTemporaryDirectory(async (dir) => {
    const visitor = await visitorWithoutCookies(dir)
    assert.deepEqual(await visitTwoDays(visitor), [
      [2, 1],
      [2, 1],
    ])
    assert.deepEqual(await counted(world, 'week'), [4, 0])
    assert.deepEqual(await counted(world, 'month'), [4, 0])
    const states = await devicesInStates()
    assert.deepEqual(Object.keys(states).sort(), [...grains].sort())
    for (const grain of ['minute', 'hour', 'day'])
      assert.deepEqual(states[grain], { first: 1, second: 1, both: 2 }, grain)
    for (const grain of ['week', 'month']) assert.equal(states[grain]?.both, 0, grain)
    await visitor.context.close()
  }))

test('the control: with cookies a week and a month do know one browser again, and a day never does', async () => {
  const visitor = await newVisitor(browser)
  assert.deepEqual(await visitTwoDays(visitor), [
    [2, 2],
    [2, 1],
  ])
  assert.deepEqual(await counted(world, 'week'), [4, 1])
  assert.deepEqual(await counted(world, 'month'), [4, 1])
  const states = await devicesInStates()
  for (const grain of ['minute', 'hour', 'day'])
    assert.deepEqual(states[grain], { first: 2, second: 1, both: 3 }, grain)
  for (const grain of ['week', 'month']) assert.equal(states[grain]?.both, 1, grain)
  await visitor.context.close()
})

test('a browser without cookies can say no all the same: by its own signal, and the page tells it how', () =>
  withTemporaryDirectory(async (dir) => {
    const visitor = await visitorWithoutCookies(dir)
    await visitor.page.goto(`${world.headcount.collectorUrl}/privacy`)
    await visitor.page.getByRole('button', { name: 'Do not count this browser' }).click()
    await visitor.page.getByText('Your browser has not kept the choice, as it takes no cookie from here.').waitFor()
    await visitor.context.setExtraHTTPHeaders({ 'Sec-GPC': '1' })
    await visitor.page.goto(`${world.headcount.collectorUrl}/privacy`)
    await visitor.page.getByText('This browser sends Global Privacy Control: it is not counted.').waitFor()
    await new SendingPage(world, visitor).visit()
    assert.deepEqual(await counted(world, 'day'), [0, 0])
    await visitor.context.close()
  }))
