/**
 * Nodes as DC/OS installs them: they know api.segment.io and the key that is compiled in, trust the authorities of their machine,
 * send again what failed on the way (up to 10 times, the same bytes), and take any answer for success.
 */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { request as plainRequest } from 'node:http'
import { request as tlsRequest } from 'node:https'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { minuteMs } from '../../shared/window.ts'
import { TestAuthority } from '../fixtures/certificates.ts'
import { type SignalCluster, type SignalRequest, signalKey, signalRun } from '../fixtures/dcos-signal.ts'
import {
  type RunningHeadcount,
  removeDirectory,
  startProcess,
  temporaryDirectory,
  usageWhen,
} from '../fixtures/headcount-process.ts'
import { filesHolding } from '../fixtures/live-folder.ts'
import { until } from '../fixtures/until.ts'
import { startCollector } from '../services/collector/running-collector.ts'
import { unreliableProxy } from './unreliable-proxy.ts'

const triesMax = 10
/** More than nodes make: the wait is for connections that close while others wait. */
const triesMaxOfMany = 30
const waitMs = 5

let dataDir: string
let keysDir: string
let authority: TestAuthority
let running: RunningHeadcount
before(async () => {
  dataDir = await temporaryDirectory()
  keysDir = await temporaryDirectory()
  authority = new TestAuthority(keysDir)
  const { cert, key } = authority.issue('DNS:api.segment.io')
  running = await startProcess(dataDir, {
    HEADCOUNT_K: '1',
    HEADCOUNT_SENDER_KEYS: signalKey,
    HEADCOUNT_COLLECTOR_TLS_PORT: '0',
    HEADCOUNT_TLS_CERT: cert,
    HEADCOUNT_TLS_KEY: key,
  })
})
after(async () => {
  await running.stop()
  await removeDirectory(dataDir)
  await removeDirectory(keysDir)
})

test('over TLS, to where their DNS says that api.segment.io is: a run is counted, no customer key and no path is kept', async () => {
  const url = /(https:\S+) {3}the same, with TLS/.exec(running.output())?.[1]
  assert.ok(url, running.output())
  for (const request of signalRun(cluster('2.0.6'), Date.now())) assert.equal(await post(url, request), 200)
  const by = 'by=version,provider,variant,cluster_size'
  const { rows } = await usageWhen(running, dataDir, `dataset=deployments&${by}`, ({ rows }) => rows.length > 0)
  assert.deepEqual(rows[0]?.slice(1, -1), ['2.0.6', 'onprem', 'enterprise', '5–9', 1])
  assert.deepEqual(await filesHolding(dataDir, 'canary'), [])
})

test('connections that drop before or after the collector has taken a report: nothing is lost, nothing counted twice', async () => {
  const clusters = Array.from({ length: 20 }, () => cluster('1.12.5'))
  const seed = Number(process.env.HEADCOUNT_TEST_SEED ?? Date.now() % 1e6)
  const nameOf = ({ body }: { body: Buffer }) => body.toString()
  const kinds = ['dropped-before', 'dropped-after'] as const
  const proxy = await unreliableProxy(running.collectorUrl, { seed, kinds, inARowMax: triesMax - 1, nameOf })
  try {
    // A minute into a slot, by what the nodes say: however long this takes, it does not reach the next one.
    const waitedMs = (Date.now() - minuteMs) % (5 * minuteMs)
    const at = Date.now() - waitedMs
    const sendAll = async (one: SignalCluster) => {
      const requests = [1, 2, 3].flatMap(() => signalRun(one, at, waitedMs))
      for (const request of requests) assert.equal(await post(proxy.url, request), 200)
    }
    await Promise.all(clusters.map(sendAll))
    assert.ok(proxy.count('dropped-before') > 0 && proxy.count('dropped-after') > 0)
    // Beside those of the other test's cluster: reports of packages and health do not have the cluster's version.
    for (const [dataset, wanted] of [
      ['deployments', 21],
      ['packages', 42],
      ['health', 42],
    ] as const) {
      const counted = ({ rows }: { rows: unknown[][] }) => rows.reduce((sum, row) => sum + Number(row.at(-1)), 0)
      const query = `dataset=${dataset}&metrics=events`
      const answer = await usageWhen(running, dataDir, query, (one) => counted(one) >= wanted, 60_000)
      assert.equal(counted(answer), wanted, `${dataset}, seed ${seed}`)
    }
  } finally {
    await proxy.close()
  }
})

test('more connections at once than the collector takes: those that it closes come again, and each report is taken once', async () => {
  const senderKeys = [signalKey]
  const connectionsMax = 10
  await using small = await startCollector({ settings: { connectionsMax, senderKeys } })
  const { port } = new URL(small.url)
  const idle = Array.from({ length: connectionsMax }, () => connect(Number(port), '127.0.0.1'))
  await Promise.all(idle.map((socket) => once(socket, 'connect')))
  const before = failures
  const runs = Array.from({ length: 20 }, () => signalRun(cluster('1.11.0'), Date.now()))
  const sends = Promise.all(runs.flat().map((request) => post(small.url, request, triesMaxOfMany)))
  await until(() => failures > before)
  for (const socket of idle) socket.destroy()
  assert.ok((await sends).every((status) => status === 200))
  const ids = small.records().flatMap(({ events }) => (events as [string][]).map(([id]) => id))
  assert.deepEqual([ids.length, new Set(ids).size], [100, 100])
})

function cluster(version: string): SignalCluster {
  return {
    clusterId: randomUUID(),
    customerKey: 'canary-customer-key',
    licenseId: 'canary-license',
    version,
    variant: 'enterprise',
    provider: 'onprem',
    agents: 6,
    units: { 'dcos-net.service': 0, 'dcos-cosmos.service': 1 },
    packages: [
      { appId: '/canary/kafka', definition: { name: 'kafka', version: '2.10.0' } },
      { appId: '/spark', definition: { name: 'spark', version: '2.12.0' } },
    ],
    frameworks: ['canary-framework'],
  }
}

/** How many requests had no answer. */
let failures = 0

/** The status; sent again when there was none, after a while that doubles. */
async function post(url: string, sent: SignalRequest, most = triesMax): Promise<number> {
  for (let tries = 1; ; tries++) {
    try {
      return await postOnce(url, sent)
    } catch (error) {
      failures++
      if (tries === most) throw error
      await sleep(Math.min(waitMs * 2 ** tries, 10_000) * Math.random())
    }
  }
}

async function postOnce(url: string, { body, headers }: SignalRequest): Promise<number> {
  const options = { method: 'POST', headers, agent: false as const }
  const request = url.startsWith('https:')
    ? tlsRequest(`${url}/v1/batch`, { ...options, ca: authority.pem, servername: 'api.segment.io' })
    : plainRequest(`${url}/v1/batch`, options)
  request.end(body)
  const [answer] = await once(request, 'response')
  answer.resume()
  return answer.statusCode
}
