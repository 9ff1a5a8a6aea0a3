import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import {
  credentialsOf,
  type RunningHeadcount,
  removeDirectory,
  startProcess,
  temporaryDirectory,
  usage,
  usageWhen,
} from '../fixtures/headcount-process.ts'

let dataDir: string
let running: RunningHeadcount
before(async () => {
  dataDir = await temporaryDirectory()
  running = await startProcess(dataDir)
})
after(async () => {
  await running.stop()
  await removeDirectory(dataDir)
})

const today = () => new Date().toISOString().slice(0, 10)
const shell = promisify(execFile)

test('ready within 20 s, with write key, a curl and where to look', async () => {
  const seconds = Number(/Ready after ([\d.]+) s/.exec(running.output())?.[1])
  assert.ok(seconds < 20)
  assert.ok(running.output().includes((await credentialsOf(dataDir)).writeKey))
  assert.equal((await fetch(`${running.reportingUrl}/health/ready`)).status, 200)
  assert.equal((await fetch(`${running.collectorUrl}/health/ready`)).status, 200)
})

test('the probe is told apart from real events: no dataset has any', async () => {
  for (const dataset of ['feature_usage', 'deployments', 'packages', 'health', 'clients', 'geography']) {
    const { rows, suppressed } = await usage(running, dataDir, `dataset=${dataset}&metrics=events`)
    assert.deepEqual([rows, suppressed], [[], 0], dataset)
  }
})

test('the printed curl works as pasted and its event is in the API within 2 s, past the suppression', async () => {
  const command = running
    .output()
    .split('\n')
    .find((line) => line.includes('curl') && line.includes('/v1/events'))
  assert.ok(command)
  const { stdout } = await shell('sh', ['-c', command])
  assert.deepEqual(JSON.parse(stdout), { accepted: 12, rejected: [] })
  const sentAt = Date.now()
  const found = await usageWhen(
    running,
    dataDir,
    'dataset=feature_usage&by=feature',
    ({ rows }) => rows.length > 0,
    2000,
  )
  assert.ok(Date.now() - sentAt <= 2000)
  assert.deepEqual(found.rows, [[`${today()}T00:00:00Z`, 'dcos_login', 12, 12]])
  const look = running
    .output()
    .split('\n')
    .find((line) => line.includes('curl') && line.includes('/api/v1/usage'))
  const seen = await shell('sh', ['-c', look ?? ''])
  assert.equal(JSON.parse(seen.stdout).rows[0][2], 12)
})

test('the same batch five times, also across a restart, counts once', async () => {
  const { writeKey } = await credentialsOf(dataDir)
  const time = new Date().toISOString()
  const events = Array.from({ length: 30 }, (_, index) => ({
    id: `retry-${index}`,
    time,
    feature: 'jobs',
    device: `retry-device-${index % 15}`,
  }))
  const send = (list = events) =>
    fetch(`${running.collectorUrl}/v1/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${writeKey}` },
      body: JSON.stringify({ events: list }),
    }).then((answer) => answer.json())
  const jobs = `dataset=feature_usage&by=feature&where=feature:jobs`
  for (let again = 0; again < 3; again++) assert.deepEqual(await send(), { accepted: 30, rejected: [] })
  await usageWhen(running, dataDir, jobs, ({ rows }) => rows[0]?.[2] === 30)
  assert.equal(await running.stop(), 0)
  running = await startProcess(dataDir)
  for (let again = 0; again < 2; again++) assert.deepEqual(await send(), { accepted: 30, rejected: [] })
  // The same ids in another batch, and one new event to see that all of it has come through.
  await send([...events.slice(0, 10), { ...events[0]!, id: 'retry-new' }])
  const { rows } = await usageWhen(running, dataDir, jobs, ({ rows }) => Number(rows[0]?.[2]) > 30)
  assert.deepEqual(rows, [[`${today()}T00:00:00Z`, 'jobs', 31, 15]])
})

test('a second start on the same data directory says who has it and what to do', async () => {
  await assert.rejects(startProcess(dataDir), /in use by process \d+ since .*HEADCOUNT_DATA_DIR/s)
})

test('SIGTERM: what was acknowledged is there after the next start', async () => {
  const { writeKey } = await credentialsOf(dataDir)
  const events = Array.from({ length: 500 }, (_, index) => ({
    id: `last-${index}`,
    time: new Date().toISOString(),
    feature: 'nodes',
    device: `last-${index % 20}`,
  }))
  const answer = await fetch(`${running.collectorUrl}/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${writeKey}` },
    body: JSON.stringify({ events }),
  })
  assert.equal(answer.status, 200)
  assert.equal(await running.stop(), 0)
  running = await startProcess(dataDir)
  await usageWhen(
    running,
    dataDir,
    'dataset=feature_usage&by=feature&where=feature:nodes',
    ({ rows }) => rows[0]?.[2] === 500,
  )
})
