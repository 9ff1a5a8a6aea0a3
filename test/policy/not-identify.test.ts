/**
 * not-identify: "not in a manner that would identify you". What fewer than k devices did is not shown to an analyst, nor can
 * it be worked out from what is; and nothing of an open day leaves the boundary.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { analystSuppression } from '../privacy/attack/analyst-suppression.ts'
import { WholeInstallation } from '../privacy/whole-installation.ts'
import { seededRandom } from '../services/release/seeded-random.ts'

const k = 10
/** How many use each feature, once; the last are too few. */
const devices: readonly [feature: string, version: string, devices: number][] = [
  ['services', '1.13.2', 40],
  ['nodes', '1.13.2', 30],
  ['jobs', '1.13.2', 25],
  ['catalog', '1.13.2', 3],
]

let world: WholeInstallation
before(async () => {
  world = await WholeInstallation.start(undefined, { HEADCOUNT_K: String(k) })
  const { collectorUrl, credentials } = world.headcount
  const time = new Date(world.clock.now()).toISOString()
  let sent = 0
  const events = devices.flatMap(([feature, version, count]) =>
    Array.from({ length: count }, () => ({ id: `e-${sent}`, device: `d-${sent++}`, time, feature, version })),
  )
  const response = await fetch(`${collectorUrl}/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${credentials.writeKey}` },
    body: JSON.stringify({ events }),
  })
  assert.deepEqual(await response.json(), { accepted: events.length, rejected: [] })
  await world.settle()
})
after(() => world.remove())

interface Usage {
  readonly rows: readonly (string | number | null)[][]
  readonly suppressed: number
}

async function usage(query: string, token = world.headcount.credentials.analystToken): Promise<Usage> {
  const url = `${world.headcount.reportingUrl}/api/v1/usage?dataset=feature_usage&grain=day&from=2026-11-20&${query}`
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
  assert.equal(response.status, 200)
  return (await response.json()) as Usage
}

/** Events and devices by feature, and in all. */
const byFeature = async () =>
  new Map((await usage('metrics=events,devices&by=feature')).rows.map(([, feature, ...counts]) => [feature, counts]))
const total = async () => (await usage('metrics=events')).rows[0]?.[1]

test('a cell of three devices is not shown to an analyst, nor to whoever has the admin token', async () => {
  for (const token of [world.headcount.credentials.analystToken, world.headcount.credentials.adminToken]) {
    const { rows, suppressed } = await usage('metrics=events,devices&by=feature', token)
    assert.ok(!JSON.stringify(rows).includes('catalog'))
    assert.ok(suppressed >= 2, 'it is counted as withheld, and so is another')
    for (const [, feature, , some] of rows) assert.ok(Number(some) >= k, `${feature}: ${some} devices`)
  }
})

test('nor does it follow from the total and what is shown: another is withheld with it', async () => {
  const shown = await byFeature()
  assert.equal(await total(), 98)
  assert.ok(shown.size > 0, 'the rest is shown')
  const rest = 98 - [...shown.values()].reduce((sum, [events]) => sum + Number(events), 0)
  const [smallest = 0] = devices
    .map(([, , count]) => count)
    .filter((count) => count >= k && count <= rest)
    .sort((a, b) => a - b)
  assert.ok(rest === 3 + smallest, `what is left over is ${rest} events: of three devices and of ${smallest} others`)
})

for (const query of ['where=feature:catalog', 'by=feature&where=feature:catalog', 'by=version&where=feature:catalog'])
  test(`nor is it to be had by asking for it alone: ${query}`, async () => {
    const { rows } = await usage(`metrics=events,devices&${query}`)
    assert.deepEqual(rows, [])
  })

test('in no grain, at no limit, in no format', async () => {
  const { reportingUrl, credentials } = world.headcount
  for (const grain of ['minute', 'hour', 'day', 'week', 'month'])
    for (const more of ['format=json', 'format=csv', 'limit=1', 'limit=1000']) {
      const from = { week: '2026-11-16', month: '2026-11-01' }[grain] ?? '2026-11-20'
      const url = `${reportingUrl}/api/v1/usage?dataset=feature_usage&metrics=events,devices&by=feature&grain=${grain}&from=${from}&${more}`
      const response = await fetch(url, { headers: { authorization: `Bearer ${credentials.analystToken}` } })
      const text = await response.text()
      assert.equal(response.status, 200, text)
      assert.ok(text.includes('services'), `${grain} ${more}: the others are shown`)
      assert.ok(!text.includes('catalog'), `${grain} ${more}`)
    }
})

test('nothing of a day that is open is to be had without a sign-in, or with a key of a partner', async () => {
  const { reportingUrl } = world.headcount
  for (const authorization of ['', `Bearer hcp_${'A'.repeat(43)}`])
    for (const path of [
      '/api/v1/usage?dataset=feature_usage',
      '/partner/v1/datasets/feature_usage/releases/2026-11-20',
    ]) {
      const response = await fetch(reportingUrl + path, { headers: { authorization } })
      assert.equal(response.status, 401, path)
    }
})

test('the control: with k = 1 the same questions are answered with the three', async () => {
  world.settings.HEADCOUNT_K = '1'
  await world.restart()
  await world.settle()
  assert.deepEqual((await byFeature()).get('catalog'), [3, 3])
})

test('an analyst who asks for every table and solves for what is hidden finds nothing; without complements it is found', async () => {
  const random = seededRandom('not-identify')
  const { verdict, figure } = await analystSuppression.run({ trials: 40, random, onProgress: () => undefined })
  assert.equal(verdict, 'withstood', figure)
})
