/**
 * 1,000 clusters of three or five masters, all of which report in the same second with ids of their own; a master of each
 * has a clock that is two seconds ahead.
 */
import assert from 'node:assert/strict'
import { Agent, request } from 'node:http'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { type SignalCluster, type SignalRequest, signalKey, signalRun } from '../fixtures/dcos-signal.ts'
import { uiVisit } from '../fixtures/dcos-ui.ts'
import { type Canary, makeCanary, makeWordCanary, needlesOf } from '../privacy/canary.ts'
import { CanaryScene } from '../privacy/canary-scene.ts'
import { NeedleSearch } from '../privacy/needle-search.ts'
import { rawLogFolder, scanFiles, scanRawLog, scanRows } from '../privacy/scan.ts'

const clusterCount = 1000
const slot = Date.parse('2026-11-20T12:05:00Z')
const connections = 64

const canaries = {
  clusterId: makeCanary('cluster id'),
  customerKey: makeCanary('customer key'),
  license: makeCanary('licence id'),
  application: makeWordCanary('application path'),
  framework: makeWordCanary('framework'),
  package: makeWordCanary('package'),
  email: makeWordCanary('email'),
  path: makeWordCanary('UI path'),
}
/** Of these not even the raw log has anything. */
const neverRaw: Canary[] = Object.values(canaries).filter((one) => one !== canaries.clusterId)

const versions = ['2.1.0', '1.13.5', '1.8.8']
const providers = ['aws', 'onprem', 'azure']
const packageNames = ['kafka', 'spark', 'hdfs', 'marathon-lb', canaries.package.value]
const unitNames = ['dcos-cosmos', 'dcos-mesos-master', 'dcos-net', `dcos-${canaries.package.value}`]

const clusters = Array.from({ length: clusterCount }, (_, index): SignalCluster => {
  const version = versions[index % 3]!
  return {
    clusterId: `${canaries.clusterId.value}-${index}`,
    customerKey: index % 4 === 0 ? undefined : `${canaries.customerKey.value}-${index % 50}`,
    licenseId: version === '2.1.0' ? `${canaries.license.value}-${index % 50}` : undefined,
    version,
    variant: index % 4 === 0 ? 'open' : 'enterprise',
    provider: providers[(index % 7) % 3]!,
    agents: 1 + (index % 300),
    units: Object.fromEntries(unitNames.map((unit, at) => [`${unit}.service`, (index + at) % 5 === 0 ? 1 : 0])),
    packages: packageNames.slice(index % 5).map((name) => ({
      appId: `/${canaries.application.value}/${name}`,
      ...(version !== '1.8.8' && { definition: { name, version: `2.${index % 3}.0` } }),
    })),
    frameworks: index % 10 === 0 ? null : ['marathon', canaries.framework.value],
  }
})
const mastersOf = (index: number) => (index % 2 === 0 ? 3 : 5)

let scene: CanaryScene
const agent = new Agent({ keepAlive: true, maxSockets: connections })

before(async () => {
  const needles = Object.values(canaries).flatMap(needlesOf)
  scene = await CanaryScene.start(needles, { HEADCOUNT_SENDER_KEYS: signalKey })
})
after(async () => {
  agent.destroy()
  await scene.remove()
})

test('each cluster counts once in the slot, whichever of its masters was first, and with all of its sizes', async () => {
  const { clock } = scene.world
  const runs = clusters.map((cluster, index) =>
    Array.from({ length: mastersOf(index) }, () => signalRun(cluster, slot)),
  )
  assert.equal(runs.flat(2).length, 12_000)
  clock.set(slot - 2000)
  await sendAll(runs.flatMap(([ahead]) => ahead!))
  clock.set(slot)
  await sendAll(runs.flatMap(([, ...others]) => others.flat()))
  await scene.world.settle()

  assert.deepEqual(await counted('deployments', ['version', 'provider', 'variant', 'cluster_size']), {
    ...expectedBy(clusters, ({ version, provider, variant, agents }) => [version, provider, variant, sizeOf(agents)]),
  })
  assert.deepEqual(await counted('packages', ['package', 'version']), expectedPackages())
  assert.deepEqual(await counted('health', ['unit']), {
    'dcos-cosmos': clusterCount,
    'dcos-mesos-master': clusterCount,
    'dcos-net': clusterCount,
    '(other)': clusterCount,
  })
})

test('measures are those of the clusters: sizes, and how many instances of a unit are unhealthy', async () => {
  const mean = (of: (cluster: SignalCluster) => number) =>
    clusters.reduce((sum, one) => sum + of(one), 0) / clusterCount
  const wanted = {
    agents: mean(({ agents }) => agents),
    tasks: mean(({ agents }) => agents * 4),
    frameworks: mean(({ frameworks }) => frameworks?.length ?? 0),
    cpu: mean(({ agents }) => agents * 8),
    memory: mean(({ agents }) => agents * 16_384),
    disk: mean(({ agents }) => agents * 102_400),
  }
  const { rows } = await usage(`dataset=deployments&metrics=${Object.keys(wanted)}`)
  assert.deepEqual(rows[0]?.slice(1), Object.values(wanted))
  const health = await usage('dataset=health&metrics=unhealthy')
  assert.deepEqual(health.rows[0]?.slice(1), [0.2])
})

test('in the next slot they count again, and no cluster is a new one', async () => {
  scene.world.clock.set(slot + 300_000)
  await sendAll(
    clusters.slice(0, 100).flatMap((cluster) => [1, 2, 3].flatMap(() => signalRun(cluster, slot + 300_000))),
  )
  await scene.world.settle()
  const { rows } = await usage('dataset=deployments&metrics=events,devices')
  const [, events, devices] = rows[0] ?? []
  assert.equal(events, clusterCount + 100)
  assert.ok(Math.abs(Number(devices) - clusterCount) < 0.02 * clusterCount, `${devices} clusters`)
})

test('nothing that names a cluster, a customer, a person or their work is kept, but the cluster’s id in the raw log', async () => {
  const person = { anonymousId: 'ui-device', email: `${canaries.email.value}@example.org` }
  const pages = [['/services/detail/[id]/tasks', `/services/detail/%2F${canaries.path.value}/tasks`]] as const
  const calls = uiVisit({ ...person, clusterId: clusters[0]!.clusterId }, pages, slot + 300_000)
  for (const call of calls) await send(call.path, call.body)
  await scene.world.settle()
  const dir = path.join(scene.world.dir, rawLogFolder)
  const search = new NeedleSearch(neverRaw.flatMap(needlesOf))
  assert.deepEqual([...(await scanRawLog(search, dir)), ...(await scanFiles(search, dir))], [])
  const ofClusters = new NeedleSearch(needlesOf(canaries.clusterId))
  assert.ok((await scanRawLog(ofClusters, dir)).length > 0, 'a look at the log finds what is there')
  assert.deepEqual(await scene.elsewhere(), [])
  assert.deepEqual(await scene.inAnswers(), [])
  await scene.plant(canaries.customerKey.value)
  const planted = await scanRows(search, scene.world.headcount.engines)
  assert.deepEqual(
    planted.map(({ where }) => where),
    ['key-value entry planted'],
    'a look at rows finds what is there',
  )
})

async function sendAll(requests: readonly SignalRequest[]): Promise<void> {
  const waiting = requests.values()
  const sendNext = async () => {
    for (const { body, headers } of waiting) await send('/v1/batch', body, headers)
  }
  await Promise.all(Array.from({ length: connections }, sendNext))
}

/** As a client that keeps its connections. @throws AssertionError when it is not taken */
async function send(where: string, body: string, headers: Readonly<Record<string, string>> = {}): Promise<void> {
  const authorization = `Basic ${Buffer.from(`${signalKey}:`).toString('base64')}`
  const options = { method: 'POST', agent, headers: { authorization, ...headers } }
  const [status, text] = await new Promise<[number | undefined, string]>((resolve, reject) => {
    const sent = request(scene.world.headcount.collectorUrl + where, options, (answer) => {
      let said = ''
      answer.on('data', (chunk) => {
        said += chunk
      })
      answer.on('end', () => resolve([answer.statusCode, said]))
    })
    sent.on('error', reject)
    sent.end(body)
  })
  assert.deepEqual([status, text], [200, '{"success":true}'])
}

async function usage(query: string): Promise<{ rows: (string | number)[][] }> {
  const { reportingUrl, credentials } = scene.world.headcount
  const day = 'from=2026-11-20&to=2026-11-21&grain=day'
  const answer = await fetch(`${reportingUrl}/api/v1/usage?${query}&${day}`, {
    headers: { authorization: `Bearer ${credentials.analystToken}` },
  })
  assert.equal(answer.status, 200)
  return (await answer.json()) as { rows: (string | number)[][] }
}

/** Events by the values of the dimensions, joined. */
async function counted(dataset: string, by: readonly string[]): Promise<Record<string, number>> {
  const { rows } = await usage(`dataset=${dataset}&by=${by}&metrics=events&limit=1000`)
  return Object.fromEntries(rows.map((row) => [row.slice(1, -1).join(' '), Number(row.at(-1))]))
}

function expectedBy(
  of: readonly SignalCluster[],
  values: (cluster: SignalCluster) => string[],
): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const cluster of of) {
    const key = values(cluster).join(' ')
    counts[key] = (counts[key] ?? 0) + 1
  }
  return counts
}

function expectedPackages(): Record<string, number> {
  const all = clusters.flatMap((cluster) =>
    cluster.packages.map(({ appId, definition }) => {
      const name = appId.slice(appId.lastIndexOf('/') + 1)
      const isKnown = name !== canaries.package.value
      return { ...cluster, variant: isKnown ? `${name} ${definition?.version ?? '(none)'}` : '(other) (none)' }
    }),
  )
  return expectedBy(all, ({ variant }) => [variant])
}

/** The catalogue's buckets of agents. */
function sizeOf(agents: number): string {
  const bounds = [1, 3, 5, 10, 20, 50, 100, 200, 500]
  const at = bounds.findIndex((bound) => agents < bound)
  return `${bounds[at - 1]}–${bounds[at]! - 1}`
}
