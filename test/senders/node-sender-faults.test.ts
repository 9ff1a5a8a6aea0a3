/** Our sender for Node over a connection that cannot be relied on, as the clients of other makers are run. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemParts } from '../../shared/sender/parts.ts'
import { createSender } from '../../shared/sender/sender.ts'
import { headcountOfFile } from '../fixtures/headcount-of-file.ts'
import { credentialsOf, removeDirectory, temporaryDirectory } from '../fixtures/headcount-process.ts'
import { until } from '../fixtures/until.ts'
import { countFeatures } from './count-features.ts'
import { faults, unreliableProxy } from './unreliable-proxy.ts'

const total = 400
const devices = 20

const headcount = headcountOfFile()

for (const [where, version] of [
  ['memory', '2.1'],
  ['its spool', '2.2'],
] as const) {
  test(`from ${where}: refused, dropped and repeated requests lose and double nothing, and it says that all was accepted`, async () => {
    const { writeKey } = await credentialsOf(headcount.dataDir)
    const plan = { seed: 11, share: 0.7, inARowMax: 3, retryAfterSeconds: 0 }
    const proxy = await unreliableProxy(headcount.running.collectorUrl, plan)
    const spoolDir = await temporaryDirectory()
    try {
      const warnings: string[] = []
      const spool = where === 'memory' ? {} : { spoolDir }
      const options = { url: proxy.url, writeKey, environment: {}, batchEventsMax: 25, ...spool }
      const sender = createSender(
        { ...options, onWarning: (message) => warnings.push(message) },
        // Pauses of a twentieth of what they are.
        { ...systemParts, random: () => Math.random() / 20 },
      )
      for (let index = 0; index < total; index++)
        sender.track({ feature: index % 2 === 0 ? 'jobs' : 'nodes', device: `d-${(index >> 1) % devices}`, version })
      await until(() => sender.flush(), 60_000)
      await sender.close()
      assert.deepEqual([sender.stats.tracked, sender.stats.accepted, sender.stats.rejected], [total, total, 0])
      for (const fault of faults) assert.ok(proxy.count(fault) > 0, `no request was ${fault}`)
      const counted = await countFeatures(headcount.running, headcount.dataDir, total, `version:${version}`)
      const each = { events: total / 2, devices }
      assert.deepEqual(counted, { jobs: each, nodes: each })
      assert.deepEqual(warnings, [])
    } finally {
      await proxy.close()
      await removeDirectory(spoolDir)
    }
  })
}
