import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startCollector, writeKey } from '../services/collector/running-collector.ts'
import { runHostile } from './hostile.ts'

test('800 hostile requests: no 5xx but 503, no hang, every good event in the log exactly once', async () => {
  await using running = await startCollector({ settings: { requestTimeoutMs: 5000 } })
  const result = await runHostile({ url: running.url, writeKey, requests: 800, seed: 42 })
  assert.deepEqual(result.badStatuses, [])
  assert.deepEqual(result.hangs, [])
  assert.equal(result.goodAccepted, result.goodSent.length)
  const good = running.records().filter(({ unit }) => unit.id === 'good')
  const ids = good.flatMap(({ events }) => (events as [string][]).map(([id]) => id))
  assert.deepEqual(ids.sort(), result.goodSent.sort())
  assert.ok(!running.lines.some((line) => line.includes('unexpectedly')), running.lines.join('').slice(0, 2000))
  assert.ok((result.statuses.get(200) ?? 0) > 0 && (result.statuses.get(400) ?? 0) > 0)
})
