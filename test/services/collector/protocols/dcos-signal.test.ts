import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '../../../../shared/clock.ts'
import { readConfig } from '../../../../shared/config.ts'
import { type SignalCluster, type SignalRequest, signalKey, signalRun } from '../../../fixtures/dcos-signal.ts'
import { type RunningCollector, startCollector } from '../running-collector.ts'

const settings = { senderKeys: readConfig({ HEADCOUNT_SENDER_KEYS: signalKey }).senderKeys }
const noon = Date.parse('2019-10-11T12:00:00Z')
const cluster: SignalCluster = {
  clusterId: '6d4b1a0e-6c1c-4c51-9f5e-0d6f9c1d2a11',
  customerKey: 'canary-customer-key',
  licenseId: 'canary-license-id',
  version: '1.13.5',
  variant: 'enterprise',
  provider: 'aws',
  agents: 7,
  units: { 'dcos-cosmos.service': 0, 'dcos-mesos-master.service': 1 },
  packages: [
    { appId: '/canary/team/kafka-prod', definition: { name: 'kafka', version: '2.10.0' } },
    { appId: '/marathon-lb', definition: { name: 'marathon-lb', version: '1.14.2' } },
  ],
  frameworks: ['canary-framework', 'marathon'],
}

type KeptEvent = [id: string, time: number, feature: string, fields: Record<string, unknown>]

async function kept(over: Partial<SignalCluster>, at = noon, clock = at): Promise<[KeptEvent[], RunningCollector]> {
  await using running = await startCollector({ settings, clock: new ManualClock(new Date(clock).toISOString()) })
  for (const request of signalRun({ ...cluster, ...over }, at)) await post(running, request)
  return [running.records().flatMap(({ events }) => events as KeptEvent[]), running]
}

async function post(running: RunningCollector, { body, headers }: SignalRequest): Promise<void> {
  const answer = await running.send(body, headers, '/v1/batch')
  assert.deepEqual([answer.status, await answer.text()], [200, '{"success":true}'])
}

const fieldsOf = (events: KeptEvent[], feature: string) =>
  events.filter(([, , one]) => one === feature).map(([, , , fields]) => fields)

test('a run of dcos-signal is one event for each unit, one for each package, and one of sizes, all of the cluster', async () => {
  const [events, running] = await kept({})
  const common = { source: 'node', variant: 'enterprise', provider: 'aws' }
  assert.deepEqual(fieldsOf(events, 'health'), [
    { version: '1.13.5', ...common, unit: 'dcos-cosmos', unhealthy: 0 },
    { version: '1.13.5', ...common, unit: 'dcos-mesos-master', unhealthy: 1 },
  ])
  assert.deepEqual(fieldsOf(events, 'package_list'), [
    { version: '2.10.0', ...common, package: 'kafka' },
    { version: '1.14.2', ...common, package: 'marathon-lb' },
  ])
  assert.deepEqual(fieldsOf(events, 'mesos_track'), [
    {
      ...{ version: '1.13.5', ...common },
      ...{ agents: 7, tasks: 28, frameworks: 2, cpu: 56, memory: 114_688, disk: 716_800 },
    },
  ])
  assert.ok(running.records().every(({ unit, route }) => unit.kind === 'cluster' && route === 'node'))
  assert.ok(running.records().every(({ unit }) => unit.id === cluster.clusterId))
  assert.equal(new Set(events.map(([id]) => id)).size, 5)
})

test('customer key, licence, application paths and names of frameworks are not even in the raw log; the cluster id is', async () => {
  const [, running] = await kept({ packages: [{ appId: '/canary/own-thing' }, ...cluster.packages] })
  const log = Buffer.concat(running.log.all().map(({ value }) => value)).toString()
  assert.ok(!log.includes('canary'))
  assert.ok(log.includes(cluster.clusterId))
})

test('the same request again has the same ids; another master’s have others', async () => {
  await using running = await startCollector({ settings, clock: new ManualClock('2019-10-11T12:00:00Z') })
  const [health, ...more] = signalRun(cluster, noon)
  for (const request of [health!, health!, ...more, ...signalRun(cluster, noon)]) await post(running, request)
  const ids = running.records().flatMap(({ events }) => (events as KeptEvent[]).map(([id]) => id))
  assert.equal(ids.length, 2 + 5 + 5)
  assert.equal(new Set(ids).size, 10)
})

test('DC/OS 1.8: a package is what its application is called if that is a declared one, and has no version', async () => {
  const packages = ['/kafka', '/canary/spark', '/canary', ''].map((appId) => ({ appId }))
  const [events] = await kept({ version: '1.8.8', customerKey: undefined, licenseId: undefined, packages })
  const common = { source: 'node', variant: 'enterprise', provider: 'aws' }
  assert.deepEqual(fieldsOf(events, 'package_list'), [
    { ...common, package: 'kafka' },
    { ...common, package: 'spark' },
    { ...common, package: '(other)' },
  ])
})

test('packages and units that are not declared are (other), once; several instances of a package are one', async () => {
  const definition = (name: string, version: string) => ({ appId: `/canary/${name}`, definition: { name, version } })
  const [events] = await kept({
    packages: [definition('canary-a', '1.0.0'), definition('hdfs', '2.8.0'), definition('canary-b', '1.0.0')].concat(
      definition('hdfs', '2.9.0'),
    ),
    units: { 'canary-a.service': 2, 'dcos-signal.timer': 1, 'canary-b.socket': 3, 'dcos-signal.service': 1 },
  })
  assert.deepEqual(
    fieldsOf(events, 'package_list').map((fields) => [fields.package, fields.version]),
    [
      ['(other)', undefined],
      ['hdfs', '2.8.0'],
    ],
  )
  assert.deepEqual(
    fieldsOf(events, 'health').map(({ unit, unhealthy }) => [unit, unhealthy]),
    [
      ['(other)', 5],
      ['dcos-signal', 2],
    ],
  )
})

test('no packages: no event of one; null for the frameworks is no error', async () => {
  const [events] = await kept({ packages: [], frameworks: null, units: {} })
  assert.deepEqual(
    events.map(([, , feature]) => feature),
    ['mesos_track'],
  )
})

test('a file that a node cannot read leaves an error for a value: none of it is kept', async () => {
  const error = 'open /opt/canary/etc/dcos-signal-config.json: no such file or directory'
  const [events, running] = await kept({ provider: error, customerKey: error, version: '' })
  assert.deepEqual(fieldsOf(events, 'mesos_track')[0]?.provider, '(other)')
  assert.ok(!Buffer.concat(running.log.all().map(({ value }) => value)).includes('canary'))
  const [none, refusing] = await kept({ clusterId: 'open /var/lib/dcos/cluster-id: no such file or directory' })
  assert.deepEqual(none, [])
  const counted = await refusing.metrics.rejected.get()
  assert.deepEqual(
    counted.values.filter(({ value }) => value > 0).map(({ labels, value }) => [labels.reason, value]),
    [['identifier-invalid', 5]],
  )
})

test('the line break at the end of a cluster’s file is no part of its id', async () => {
  const [, running] = await kept({ clusterId: `${cluster.clusterId}\n` })
  assert.deepEqual([...new Set(running.records().map(({ unit }) => unit.id))], [cluster.clusterId])
})

test('masters whose clocks differ by two seconds are in one slot, before and after it begins', async () => {
  const slotMs = 5 * 60_000
  const slots = new Set<number>()
  for (const skewMs of [-2000, -1000, 0, 1000, 2000]) {
    // The master's clock is ahead by what the report comes too early, and its own time says noon.
    const [events] = await kept({}, noon, noon + skewMs)
    for (const [, time] of events) slots.add(Math.floor(time / slotMs))
  }
  assert.deepEqual([...slots], [noon / slotMs])
})

test('a report in the middle of a slot is left where it is', async () => {
  for (const at of [noon + 60_000, noon + 269_000]) {
    const [events] = await kept({}, at)
    assert.ok(events.every(([, time]) => time === at))
  }
})

test('the last moment of the year 9999 is in no slot of the next year: no record can have such a time', async () => {
  await using running = await startCollector({ settings, clock: new ManualClock(new Date(noon).toISOString()) })
  for (const request of signalRun(cluster, noon)) {
    const body = JSON.stringify({ ...JSON.parse(request.body), sentAt: undefined })
    await post(running, {
      ...request,
      body: body.replaceAll(/"timestamp":"[^"]*"/g, '"timestamp":"9999-12-31T23:59:59.999Z"'),
    })
  }
  const times = running.records().flatMap(({ events }) => (events as KeptEvent[]).map(([, time]) => time))
  assert.ok(times.length > 0 && times.every((time) => time === Date.parse('9999-12-31T23:59:59.999Z')), `${times}`)
})

test('an event of another sender that is called health is no report of a node', async () => {
  await using running = await startCollector({ settings })
  const properties = { clusterId: 'c1', 'health-unit-dcos-net-service-unhealthy': 1, unit: 'dcos-net' }
  const item = { type: 'track', event: 'health', anonymousId: 'a', messageId: 'm', properties }
  await running.send({ batch: [item] }, {}, '/v1/batch')
  assert.deepEqual(
    running.records().flatMap(({ events }) => (events as KeptEvent[]).map(([id, , , fields]) => [id, fields])),
    [['m', { unit: 'dcos-net' }]],
  )
})
