/** The requests that the example files of Fluent Bit and Vector make, as their documentation and sources have it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { startCollector, writeKey } from '../services/collector/running-collector.ts'
import { type Asked, fluentBitAsks, vectorAsks } from './forwarder-files.ts'

const lines = [1, 2, 3].map((n) => ({
  message: `canary line ${n}`,
  user: 'canary@example.org',
  id: `line-${n}`,
  time: '2026-11-25T12:00:00.123456Z',
  feature: 'services',
  device: `host-${n}`,
  version: '2.1',
  source: 'node',
}))

/** A member that is not there is left out by Fluent Bit and null from Vector. */
const forwarders: [string, Asked, absent: null | undefined][] = [
  ['Fluent Bit', fluentBitAsks(), undefined],
  ['Vector', vectorAsks(), null],
]

for (const [name, asked, absent] of forwarders) {
  test(`${name}: events of files are taken, and nothing else of their lines`, async () => {
    await using running = await startCollector()
    const sent = lines.map((line) =>
      Object.fromEntries(asked.members.map((one) => [one, (line as Record<string, unknown>)[one] ?? absent])),
    )
    const body = sent.map((one) => `${JSON.stringify(one)}\n`).join('')
    assert.equal(asked.compression, 'gzip')
    const headers = {
      'content-type': asked.contentType,
      'content-encoding': asked.compression,
      // The key comes from the environment in both.
      authorization: asked.authorization.replace(/\$\{HEADCOUNT_WRITE_KEY\}$/, writeKey),
    }
    const answer = await running.send(gzipSync(body), headers, asked.path)
    assert.equal(await answer.text(), '{"accepted":3,"rejected":[]}')
    const events = running.records().flatMap(({ unit, events }) => events.map((event) => [unit.id, event]))
    const time = Date.parse('2026-11-25T12:00:00.123Z')
    assert.deepEqual(
      events,
      [1, 2, 3].map((n) => [`host-${n}`, [`line-${n}`, time, 'services', { version: '2.1', source: 'node' }]]),
    )
    assert.ok(!body.includes('canary'))
  })
}
