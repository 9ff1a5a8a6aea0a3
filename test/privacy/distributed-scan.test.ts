/**
 * The canary scan of an installation on servers: what was sent is in the events' topic within its time, in the spool while
 * Kafka is away, and nowhere else; after deletion and after its time likewise. Leaks that are planted in each place are found.
 */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Redis } from 'ioredis'
import { type Grain, hourMs } from '../../shared/window.ts'
import { fleetSecrets } from '../campaign/fleet.ts'
import { withoutServers } from '../campaign/needed-servers.ts'
import { until } from '../fixtures/until.ts'
import type { Answer } from './answers.ts'
import { makeCanary, makeWordCanary, needlesOf } from './canary.ts'
import { DistributedScene, partitions } from './distributed-scan.ts'
import type { Finding } from './scan.ts'
import { OddKafkaClient, type OddMessage } from './scan-kafka-client.ts'
import { allNeedles, type Canaries, makeCanaries, neverTaken, plantRecords, sendCanaries } from './send-canaries.ts'

const skip = await withoutServers()
const choicesTopic = 'campaign-choices'

const title = 'the canary scan of an installation on servers'
// A suite that is skipped is not among the tests that are counted as skipped.
if (skip) test(`${title}: not run`, { skip }, () => undefined)

describe(title, { skip }, () => {
  const canaries = makeCanaries()
  const spooled = makeCanary('spooled device')
  const planted = makeWordCanary('planted')
  let scene: DistributedScene
  let kafka: OddKafkaClient
  let answers: Answer[]
  before(async () => {
    scene = await DistributedScene.start([...allNeedles(canaries), ...[spooled, planted].flatMap(needlesOf)])
    answers = await sendCanaries(scene.servers, canaries, Date.now())
    kafka = new OddKafkaClient(scene.fleet.kafka.bootstrap)
    const append = async (records: readonly OddMessage[]) => {
      await kafka.send(scene.fleet.topic, records)
      return []
    }
    await plantRecords({ append }, canaries, Date.now())
    await scene.settle()
  })
  after(() => scene?.remove())

  const places = (findings: readonly Finding[]) => [...new Set(findings.map(({ where }) => where))]
  const namesFound = (findings: readonly Finding[]) => {
    const all = findings.flatMap(({ what }) => what).join('\n')
    return (Object.keys(canaries) as (keyof Canaries)[]).filter((name) => all.includes(canaries[name].core))
  }

  /** What is allowed, once nothing else has been found. */
  const nowhereElse = async (grains: readonly Grain[] = []) => {
    const { allowed, elsewhere } = await scene.kafka()
    assert.deepEqual(places([...elsewhere, ...(await scene.outsideKafka(grains))]), [])
    return allowed
  }

  test('what was sent is in records of the events’ topic, and in no other topic, table, key, file, line, metric or answer', async () => {
    const found = namesFound(await nowhereElse(['day']))
    assert.deepEqual(places(scene.texts(answers)), [])
    const imported = Object.keys(canaries).filter((name) => name.startsWith('import'))
    const taken = Object.keys(canaries).filter((name) => !(neverTaken as string[]).includes(name))
    assert.deepEqual(
      taken.filter((name) => !imported.includes(name) && !found.includes(name as keyof Canaries)),
      [],
      'the control: what the worker needs is found where it is',
    )
    assert.deepEqual(
      found.filter((name) => neverTaken.includes(name)),
      [],
    )
    const [row] = await scene.warehouse.select<{ events: string }>(
      "SELECT toString(sum(events)) AS events FROM cells WHERE dataset = 'feature_usage' AND grain = 'day' AND d_feature = 'jobs'",
    )
    assert.ok(Number(row?.events) > 0, 'it was counted')
  })

  test('while Kafka is away it is in the spool, and when Kafka is back it is not', async () => {
    const [broker] = scene.fleet.kafka.nodes
    await broker?.kill('SIGSTOP')
    try {
      const event = { id: 'spooled', time: new Date().toISOString(), feature: 'jobs', device: spooled.value }
      const response = await fetch(`${scene.collector.url}/v1/events`, {
        method: 'POST',
        headers: { authorization: `Bearer ${fleetSecrets.writeKey}` },
        body: JSON.stringify({ events: [event] }),
      })
      assert.deepEqual([response.status, await response.json()], [200, { accepted: 1, rejected: [] }])
      assert.match(places(await scene.spool()).join(), /spool/, 'the control: raw records are found in the spool')
    } finally {
      await broker?.kill('SIGCONT')
    }
    await scene.settle()
    assert.deepEqual(places(await scene.spool()), [])
  })

  test('a deletion and an opt-out leave their own traces, and none of whom they are about', async () => {
    const ask = async (what: string, token: string, body: object) => {
      const response = await fetch(`${scene.collector.url}/v1/privacy/${what}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
        body: JSON.stringify(body),
      })
      return {
        where: what,
        status: response.status,
        text: `${[...response.headers].join('\n')}\n${await response.text()}`,
      }
    }
    const said = [
      await ask('deletion', fleetSecrets.adminToken, { device: canaries.device.value, case: 'C-1' }),
      await ask('deletion', fleetSecrets.adminToken, { device: spooled.value, case: 'C-2' }),
      await ask('choice', fleetSecrets.writeKey, { choice: 'opt-out', cookie: canaries['cookie field'].value }),
    ]
    assert.deepEqual(
      said.map(({ status }) => status),
      [202, 202, 200],
    )
    await scene.settle()
    const entered = () =>
      scene.warehouse.select<{ event: string }>("SELECT event FROM ledger WHERE event LIKE '%subject.deleted%'")
    await until(async () => (await entered()).length === 2, 60_000)
    assert.deepEqual(places(scene.texts(said)), [])
    assert.ok((await kafka.endOf(choicesTopic)) >= said.length, 'the control: there are records of choices to look at')
    assert.ok(namesFound(await nowhereElse()).includes('device'), 'until their time the raw records are there')
  })

  test('after its time it is nowhere, in Kafka neither', async () => {
    await kafka.setTopic(scene.fleet.topic, {
      'retention.ms': '500',
      'file.delete.delay.ms': '100',
      'message.timestamp.type': 'LogAppendTime',
    })
    await until(async () => (await scene.kafka()).allowed.length === 0, 60_000)
    assert.deepEqual(await nowhereElse(), [])
  })

  test('the control: what is planted in a table, in Redis, and in Kafka past its time or compressed is found', async () => {
    await kafka.setTopic(scene.fleet.topic, { 'retention.ms': '-1', 'message.timestamp.type': 'CreateTime' })
    const value = Buffer.from(`["${planted.value}"]`)
    const timestamp = String(Date.now() - 75 * hourMs)
    const inTopic = new RegExp(`record \\d+ of .*${scene.fleet.topic}-[0-${partitions - 1}]$`, 'm')
    // A broker takes a topic's new settings after a while; a record sent before has the time of its arrival, or is removed.
    await until(async () => {
      await kafka.send(scene.fleet.topic, [{ partition: 0, value, timestamp }])
      return places((await scene.kafka()).elsewhere).some((place) => inTopic.test(place))
    }, 60_000)
    await kafka.createTopic('planted')
    await kafka.send('planted', [{ value }], true)
    const redis = new Redis(scene.fleet.redis.url)
    await redis.set('planted', JSON.stringify({ seen: planted.value }))
    redis.disconnect()
    await scene.warehouse.command('CREATE TABLE planted (text String CODEC(NONE)) ENGINE = MergeTree ORDER BY tuple()')
    await scene.warehouse.insert({
      ...{ table: 'planted', columns: ['text'], lines: `${planted.value}\n`, rows: 1, token: 'planted' },
    })
    const { elsewhere } = await scene.kafka()
    const found = places([...elsewhere, ...(await scene.outsideKafka())]).join('\n')
    for (const place of [
      inTopic,
      /record 0 of .*planted-0$/m,
      /^Redis key planted$/m,
      /^file redis\/.*aof/m,
      /^table headcount\.planted$/m,
      /^file clickhouse\//m,
    ])
      assert.match(found, place)
  })

  test('the control: a process that writes it into its log, and into the label of a metric, is found out', async () => {
    const leak = path.join(scene.dir, 'leak.mjs')
    await writeFile(leak, leakingProgram(planted.value))
    const leaking = await scene.fleet.add('reporting', ['--import', leak])
    const found = places(await scene.processes())
    for (const place of [`log of ${leaking.name}`, `metrics of ${leaking.name}`])
      assert.ok(found.includes(place), place)
  })
})

/** Run before a program of ours. */
function leakingProgram(text: string): string {
  return `import { Counter, Registry } from ${JSON.stringify(import.meta.resolve('prom-client'))}
console.log(${JSON.stringify(`cannot read ${text}`)})
const { metrics } = Registry.prototype
Registry.prototype.metrics = function () {
  if (!this.getSingleMetric('planted_total'))
    new Counter({ name: 'planted_total', help: 'planted', labelNames: ['seen'], registers: [this] }).inc({ seen: '${text}' })
  return metrics.call(this)
}
`
}
