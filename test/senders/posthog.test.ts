/** posthog-node, in both of the ways in which it can send, over a connection that cannot be relied on. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PostHog } from 'posthog-node'
import { headcountOfFile } from '../fixtures/headcount-of-file.ts'
import { credentialsOf } from '../fixtures/headcount-process.ts'
import { filesHolding } from '../fixtures/live-folder.ts'
import { countFeatures } from './count-features.ts'
import { faults, unreliableProxy } from './unreliable-proxy.ts'

const users = 20
const eventsOfEach = 8
const total = users * eventsOfEach
const names = ['services', '$pageview', '$screen', 'canary name']
const properties = { email: 'track@canary.example', $pathname: '/dashboard/canary name', $screen_name: 'Nodes' }

const headcount = headcountOfFile()

for (const [mode, version] of [
  ['v0', '2.1'],
  ['v1', '2.2'],
] as const) {
  test(`capture mode ${mode}: refused, dropped and repeated requests lose and double nothing, and it sees no error`, async () => {
    const proxy = await unreliableProxy(headcount.running.collectorUrl, {
      seed: 7,
      share: 0.75,
      inARowMax: 2,
      canFail: ({ url }) => !url.startsWith('/flags'),
    })
    try {
      const errors = await sendAll(mode, version, proxy.url)
      assert.deepEqual(errors, [])
      for (const fault of faults) assert.ok(proxy.count(fault) > 0, `no request was ${fault}`)
      const counted = await countFeatures(headcount.running, headcount.dataDir, total, `version:${version}`)
      const each = { events: total / 4, devices: users }
      assert.deepEqual(counted, { '(other)': each, dashboard: each, nodes: each, services: each })
      assert.deepEqual(await filesHolding(headcount.dataDir, 'canary.example', 'canary name'), [])
    } finally {
      await proxy.close()
    }
  })
}

/** @returns the errors that the client reported */
async function sendAll(mode: string, version: string, host: string): Promise<unknown[]> {
  const { writeKey } = await credentialsOf(headcount.dataDir)
  process.env.POSTHOG_CAPTURE_MODE = mode
  const errors: unknown[] = []
  const client = new PostHog(writeKey, { host, flushAt: 15, maxBatchSize: 15, fetchRetryDelay: 20 })
  client.on('error', (error) => errors.push(error))
  for (let user = 0; user < users; user++) {
    const distinctId = `${mode}-user-${user}`
    client.identify({ distinctId, properties: { email: `${user}@canary.example`, name: 'canary name' } })
    client.groupIdentify({ groupType: 'cluster', groupKey: 'canary name', distinctId })
    client.alias({ distinctId, alias: `${user}@canary.example` })
  }
  for (let index = 0; index < total; index++) {
    const event = names[Math.floor(index / users) % names.length] ?? ''
    client.capture({ distinctId: `${mode}-user-${index % users}`, event, properties: { ...properties, version } })
  }
  assert.deepEqual(await client.getAllFlags(`${mode}-user-0`), {})
  await client.shutdown()
  return errors
}
