import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Analytics } from '@segment/analytics-node'
import { headcountOfFile } from '../fixtures/headcount-of-file.ts'
import { credentialsOf, usage, usageWhen } from '../fixtures/headcount-process.ts'
import { filesHolding } from '../fixtures/live-folder.ts'
import { countFeatures } from '../senders/count-features.ts'
import { type Asked, faults, unreliableProxy } from '../senders/unreliable-proxy.ts'

const headcount = headcountOfFile()

test('@segment/analytics-node, unchanged but for its host: 10,000 events of 500 users arrive once each; traits are kept nowhere', async () => {
  const { writeKey } = await credentialsOf(headcount.dataDir)
  const errors: unknown[] = []
  const analytics = new Analytics({ writeKey, host: headcount.running.collectorUrl, maxEventsInBatch: 100 })
  analytics.on('error', (error) => errors.push(error))
  const features = ['Services', 'jobs', 'dcos_login', 'Something Else']
  for (let user = 0; user < 500; user++) {
    analytics.identify({
      userId: `user-${user}`,
      traits: { email: `user-${user}@canary.example`, name: `Canary Name ${user}` },
    })
  }
  for (let index = 0; index < 10_000; index++) {
    analytics.track({
      userId: `user-${index % 500}`,
      event: features[index % 4] ?? '',
      properties: { version: '2.1', email: 'track@canary.example' },
    })
  }
  await analytics.closeAndFlush()
  assert.deepEqual(errors, [])
  const { rows } = await usageWhen(
    headcount.running,
    headcount.dataDir,
    'dataset=feature_usage&by=feature,version',
    ({ rows }) => rows.reduce((sum, row) => sum + Number(row[3]), 0) >= 10_000,
  )
  const byFeature = new Map<unknown, number[]>()
  for (const [, feature, version, events, devices] of rows) {
    assert.equal(version, '2.1')
    const [sum, most] = byFeature.get(feature) ?? [0, 0]
    byFeature.set(feature, [(sum ?? 0) + Number(events), Math.max(most ?? 0, Number(devices))])
  }
  // Each feature is used by every fourth user; midnight may fall into the run, and then splits the devices.
  assert.deepEqual([...byFeature].map(([feature, [events]]) => [feature, events]).sort(), [
    ['(other)', 2500],
    ['dcos_login', 2500],
    ['jobs', 2500],
    ['services', 2500],
  ])
  assert.ok([...byFeature.values()].every(([, devices]) => devices === 125 || rows.length > 4))
  assert.deepEqual(await filesHolding(headcount.dataDir, 'canary.example', 'Canary Name'), [])
  const total = await usage(headcount.running, headcount.dataDir, 'dataset=feature_usage&metrics=events')
  assert.equal(
    total.rows.reduce((sum, row) => sum + Number(row[1]), 0),
    10_000,
  )
})

test('over a connection that refuses and drops requests, its retries lose and double nothing, and it sees success', async () => {
  const { writeKey } = await credentialsOf(headcount.dataDir)
  // Several batches are on their way at once; each is known by its first event's id.
  const nameOf = ({ body }: Asked) => /"messageId":"([^"]+)"/.exec(body.toString('latin1'))?.[1] ?? ''
  const proxy = await unreliableProxy(headcount.running.collectorUrl, { seed: 5, share: 0.7, nameOf })
  try {
    const errors: unknown[] = []
    const analytics = new Analytics({ writeKey, host: proxy.url, maxEventsInBatch: 20, maxRetries: 6 })
    analytics.on('error', (error) => errors.push(error))
    let seen = 0
    for (let index = 0; index < 400; index++)
      analytics.track(
        { anonymousId: `retrying-${index % 40}`, event: 'nodes', properties: { version: '1.13' } },
        (error) => {
          if (!error) seen++
        },
      )
    await analytics.closeAndFlush({ timeout: 120_000 })
    assert.deepEqual(errors, [])
    assert.equal(seen, 400)
    for (const fault of faults) assert.ok(proxy.count(fault) > 0, `no request was ${fault}`)
    const counted = await countFeatures(headcount.running, headcount.dataDir, 400, 'version:1.13')
    assert.deepEqual(counted, { nodes: { events: 400, devices: 40 } })
  } finally {
    await proxy.close()
  }
})
