import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { ManualClock } from '../../../../shared/clock.ts'
import { startCollector, writeKey } from '../running-collector.ts'

test('what RudderStack’s libraries send differs from Segment’s in its label and in the name of its time, which is corrected by sentAt', async () => {
  const clock = new ManualClock('2026-11-23T10:00:00Z')
  await using running = await startCollector({ clock })
  const item = {
    type: 'track',
    userId: 'u1',
    event: 'services',
    messageId: 'm1',
    channel: 'server',
    originalTimestamp: '2031-01-01T00:00:00.000Z',
    sentAt: '2031-01-01T00:01:00.000Z',
  }
  const body = { batch: [item, { ...item, messageId: 'm2', timestamp: '2031-01-01T00:00:30.000Z' }] }
  const answer = await running.send(
    gzipSync(JSON.stringify(body)),
    {
      authorization: `Basic ${Buffer.from(`${writeKey}:`).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
      'content-encoding': 'gzip',
    },
    '/v1/batch',
  )
  assert.equal(answer.status, 200)
  assert.deepEqual(running.records()[0]?.events, [
    ['m1', clock.now() - 60_000, 'services', {}],
    ['m2', clock.now() - 30_000, 'services', {}],
  ])
})
