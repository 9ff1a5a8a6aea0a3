import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  credentialsOf,
  type RunningHeadcount,
  removeDirectory,
  startProcess,
  temporaryDirectory,
  usage,
  usageWhen,
} from '../fixtures/headcount-process.ts'
import { runHostile } from './hostile.ts'

let dataDir: string
let running: RunningHeadcount
before(async () => {
  dataDir = await temporaryDirectory()
  running = await startProcess(dataDir, { HEADCOUNT_K: '1', HEADCOUNT_REQUEST_TIMEOUT_MS: '5000' })
})
after(async () => {
  await running.stop()
  await removeDirectory(dataDir)
})

test('1,000 hostile requests at a running installation: it stays up, and the good events around them are all counted, once', async () => {
  const { writeKey } = await credentialsOf(dataDir)
  const result = await runHostile({ url: running.collectorUrl, writeKey, requests: 1000, seed: 5 })
  assert.deepEqual(result.badStatuses, [])
  assert.deepEqual(result.hangs, [])
  assert.equal(result.goodAccepted, result.goodSent.length)
  // By month, so that midnight does not matter; the feature is the good events' own.
  const query = `dataset=feature_usage&grain=month&from=${new Date().toISOString().slice(0, 8)}01&by=feature&where=feature:jobs`
  const total = ({ rows }: { rows: (string | number | null)[][] }) => rows.reduce((sum, row) => sum + Number(row[2]), 0)
  await usageWhen(running, dataDir, query, (answer) => total(answer) >= result.goodSent.length, 15_000)
  assert.equal(total(await usage(running, dataDir, query)), result.goodSent.length)
  assert.equal((await fetch(`${running.collectorUrl}/health/ready`)).status, 200)
})
