/** RudderStack's library for Node over a connection that cannot be relied on: Segment's dialect, gzipped and labelled as a form. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import RudderAnalytics from '@rudderstack/rudder-sdk-node'
import { headcountOfFile } from '../fixtures/headcount-of-file.ts'
import { credentialsOf } from '../fixtures/headcount-process.ts'
import { filesHolding } from '../fixtures/live-folder.ts'
import { countFeatures } from './count-features.ts'
import { type Asked, faults, unreliableProxy } from './unreliable-proxy.ts'

const users = 20
const calls = 160

const headcount = headcountOfFile()

test('refused, dropped and repeated requests lose and double nothing, and every call is told that it was sent', async () => {
  // It sends several requests at once, each with the same bytes again.
  const nameOf = ({ body }: Asked) => body.toString('latin1')
  const proxy = await unreliableProxy(headcount.running.collectorUrl, { seed: 3, share: 0.7, nameOf })
  try {
    const { failed, succeeded } = await sendAll(proxy.url)
    assert.deepEqual(failed, [])
    assert.equal(succeeded, calls + 3 * users)
    for (const fault of faults) assert.ok(proxy.count(fault) > 0, `no request was ${fault}`)
    const { headers } = proxy.seen[0] ?? {}
    assert.deepEqual(
      [headers?.['content-type'], headers?.['content-encoding']],
      ['application/x-www-form-urlencoded', 'gzip'],
    )
    const each = { events: calls / 4, devices: users }
    assert.deepEqual(await countFeatures(headcount.running, headcount.dataDir, calls), {
      '(other)': each,
      jobs: each,
      nodes: each,
      services: each,
    })
    assert.deepEqual(await filesHolding(headcount.dataDir, 'canary.example', 'canary name'), [])
  } finally {
    await proxy.close()
  }
})

async function sendAll(host: string): Promise<{ failed: unknown[]; succeeded: number }> {
  const { writeKey } = await credentialsOf(headcount.dataDir)
  const failed: unknown[] = []
  let succeeded = 0
  const done = (error?: unknown) => {
    if (error) failed.push(error)
    else succeeded++
  }
  const analytics = new RudderAnalytics(writeKey, {
    dataPlaneUrl: host,
    flushAt: 20,
    flushInterval: 600_000,
    logLevel: 'none',
    errorHandler: () => undefined,
  })
  const traits = { email: 'user@canary.example', name: 'canary name' }
  const properties = { version: '2.1', email: 'track@canary.example', path: '/jobs/canary name' }
  for (let user = 0; user < users; user++) {
    const userId = `user-${user}`
    analytics.identify({ userId, traits }, done)
    analytics.group({ userId, groupId: 'canary name', traits }, done)
    analytics.alias({ userId, previousId: 'user@canary.example' }, done)
  }
  for (let index = 0; index < calls; index++) {
    const userId = `user-${index % users}`
    const turn = Math.floor(index / users) % 4
    if (turn === 0) analytics.track({ userId, event: 'Services', properties }, done)
    else if (turn === 1) analytics.page({ userId, name: 'canary name', properties }, done)
    else if (turn === 2) analytics.screen({ userId, name: 'Nodes', properties }, done)
    else analytics.track({ userId, event: 'canary name', properties }, done)
  }
  while (failed.length + succeeded < calls + 3 * users) {
    await analytics.flush()
    // With an empty queue a flush is over at once, though requests are on their way.
    await sleep(10)
  }
  return { failed, succeeded }
}
