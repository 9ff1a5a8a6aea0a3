import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, afterEach, before, describe, it } from 'node:test'
import { eventsTopic } from '../../infra/topics.ts'
import { hourMs } from '../../shared/window.ts'
import { fleetSecrets } from '../campaign/fleet.ts'
import { withoutServers } from '../campaign/needed-servers.ts'
import { runCommand } from '../fixtures/headcount-process.ts'
import { withAdmin } from '../fixtures/kafka.ts'
import { until } from '../fixtures/until.ts'
import { OddKafkaClient } from '../privacy/scan-kafka-client.ts'
import { AuditedServers, partitions } from './audited-servers.ts'
import { assertOnlyFailed, assertPassed, lineOf } from './auditor.ts'
import { daysAgo, plantRelease } from './planted-in-stores.ts'
import { devicesIn, type ProxyActs, proxyBefore } from './proxy-before.ts'

const skip = await withoutServers()
const oldDay = daysAgo(40)

describe('headcount audit of processes on Kafka, Redis and ClickHouse', { skip }, () => {
  let servers: AuditedServers
  let mend: (() => Promise<unknown>) | undefined
  before(async () => {
    servers = await AuditedServers.start()
    await plantRelease(servers, daysAgo(5))
  })
  afterEach(async () => {
    await mend?.()
    mend = undefined
  })
  after(() => servers?.remove())
  let audits = 0
  const audit = () => servers.audit(audits++ % 2)
  const auditThrough = async (acts: ProxyActs) => {
    const proxy = await proxyBefore(servers.url('collector', audits++ % 2), acts)
    mend = () => proxy.close()
    return servers.audit(0, { collector: [proxy.url] })
  }

  it('passes every line that there is something of, log lines too', async () => {
    const logFile = path.join(servers.dir, 'processes.log')
    await writeFile(logFile, servers.fleet.processes.map(({ output }) => output).join('\n'))
    const report = await servers.audit(0, { log: [logFile] })
    assertPassed(report)
    assert.equal(report.engines, 'servers')
    const apart = report.checks.filter(({ verdict }) => verdict !== 'PASS')
    assert.deepEqual(
      apart.map(({ id, verdict }) => `${id}: ${verdict}`),
      ['canary-files: NOT APPLICABLE', 'file-modes: NOT APPLICABLE'],
    )
    assert.match(lineOf(report, 'releases').evidence, /^1 releases, 4 files/)
    assert.match(lineOf(report, 'canary-choices').evidence, /nothing in [1-9]\d* choices/)
    assert.doesNotMatch(JSON.stringify(report), /campaign-redis-password/)
  })

  it('is one command, with the settings of the processes', async () => {
    const { settings, args } = servers.command
    const { code, output } = await runCommand(settings.HEADCOUNT_DATA_DIR ?? '', settings, ...args)
    assert.equal(code, 0, output)
    assert.match(output, /\nPASS: \d+ PASS, 1 WARN, 2 NOT APPLICABLE\n$/)
  })

  it('tables fails by a table with a row per event', async () => {
    mend = () => servers.warehouse.command('DROP TABLE requests')
    await servers.warehouse.command('CREATE TABLE requests (at DateTime, sender String) ENGINE = MergeTree ORDER BY at')
    assertOnlyFailed(await audit(), 'tables', /unexpected table requests/)
  })

  it('open-states fails by a state that was left in a closed window', async () => {
    const window = `toDateTime('${oldDay} 00:00:00', 'UTC')`
    mend = () => servers.warehouse.command(`ALTER TABLE cells DELETE WHERE window = ${window}`)
    await servers.warehouse.command(
      `INSERT INTO cells (dataset, grain, stage, by, window, kp, log, events, devices, units) SELECT 'usage', 'day', 'open', '', ${window}, '', '', 1, 0, CAST([77] AS Array(UInt64))`,
    )
    assertOnlyFailed(await audit(), 'open-states', new RegExp(`1 open rows with states in day:${oldDay}`))
  })

  it('key-ages fails by a key of event ids that should be gone', async () => {
    const { secrets } = servers.keyValue
    mend = () => secrets.destroy(`ids/${oldDay}`)
    await secrets.createOnce(`ids/${oldDay}`, () => randomBytes(32))
    assertOnlyFailed(await audit(), 'key-ages', /event-id-keys: the oldest should have gone by/)
  })

  it('only-listed fails by entries of a kind that nobody knows', async () => {
    mend = () => servers.keyValue.delete('senders/1')
    await servers.keyValue.put('senders/1', Buffer.from('42'))
    assertOnlyFailed(await audit(), 'only-listed', /beginning with "senders\/1"/)
  })

  it('only-listed fails by a topic for copies of raw records', async () => {
    const kafka = new OddKafkaClient(servers.fleet.kafka.bootstrap)
    mend = () =>
      withAdmin(servers.fleet.kafka, (admin) => admin.deleteTopics({ topics: [`${servers.fleet.topic}-copy`] }))
    await kafka.createTopic(`${servers.fleet.topic}-copy`)
    assertOnlyFailed(await audit(), 'only-listed', /topics: a name of 20 characters beginning with "campaign-eve"/)
  })

  it('canary-key-value fails by a collector that remembers devices in Redis', async () => {
    const remember: Promise<void>[] = []
    const change: ProxyActs['change'] = ({ body }, answered) => {
      for (const device of devicesIn(body))
        remember.push(servers.keyValue.put('known-values/last', Buffer.from(device)))
      return answered
    }
    const report = await auditThrough({ change })
    await Promise.all(remember)
    await servers.keyValue.delete('known-values/last')
    assertOnlyFailed(report, 'canary-key-value', /found in the entry known-values\/last/)
  })

  it('canary-metrics fails by a metric with a label for each device', async () => {
    const seen: string[] = []
    const change: ProxyActs['change'] = ({ url, body }, answered) => {
      seen.push(...devicesIn(body))
      if (url !== '/metrics' || answered.status !== 200) return answered
      return { ...answered, body: `${answered.body}${seen.map((one) => `sent{device="${one}"} 1\n`).join('')}` }
    }
    assertOnlyFailed(await auditThrough({ change }), 'canary-metrics', /found in GET http.*\/metrics/)
  })

  it('opt-out fails by a collector that acknowledges a choice and forgets it', async () => {
    const answer: ProxyActs['answer'] = ({ url, headers }) =>
      url === '/v1/privacy/choice' && headers.authorization === `Bearer ${fleetSecrets.writeKey}`
        ? { status: 200, contentType: 'application/json', body: '{}' }
        : undefined
    assertOnlyFailed(await auditThrough({ answer }), 'opt-out', /the event log has what was sent by: opted-out/)
  })

  it('access fails by a proxy that adds the token for everybody who wants metrics', async () => {
    const headers: ProxyActs['headers'] = ({ url }) =>
      url === '/metrics' ? { authorization: `Bearer ${fleetSecrets.adminToken}` } : ({} as Record<string, string>)
    assertOnlyFailed(await auditThrough({ headers }), 'access', /\/metrics: nobody is let in \(200\)/)
  })

  it('releases fails by a published file with another byte', async () => {
    const { warehouse } = servers
    const [row] = await warehouse.select<{ body: string }>("SELECT body FROM releases WHERE format = 'csv'")
    const rewrite = (body: string) =>
      warehouse.command("ALTER TABLE releases UPDATE body = {body:String} WHERE format = 'csv'", { body })
    const right = row?.body ?? ''
    mend = () => rewrite(right)
    await rewrite(Buffer.from(`${Buffer.from(right, 'base64')}x`).toString('base64'))
    assertOnlyFailed(await audit(), 'releases', /the csv of usage on .* is not the one that was published/)
  })

  it('ledger fails by an entry that was changed', async () => {
    const change = (from: string, to: string) =>
      servers.warehouse.command(
        'ALTER TABLE ledger UPDATE event = replaceAll(event, {from:String}, {to:String}) WHERE 1',
        {
          from,
          to,
        },
      )
    mend = () => change('"rows":2', '"rows":1')
    await change('"rows":1', '"rows":2')
    assertOnlyFailed(await audit(), 'ledger', /was changed after it was written/)
  })

  // The last one, since nothing takes it away again.
  it('raw-retention fails by a record of Kafka past its time', async () => {
    const kafka = new OddKafkaClient(servers.fleet.kafka.bootstrap)
    const { topic } = servers.fleet
    const declared = eventsTopic('campaign', partitions, 1).configs
    const timestamp = String(Date.now() - 80 * hourMs)
    await kafka.setTopic(topic, { ...declared, 'retention.ms': '-1', 'message.timestamp.type': 'CreateTime' })
    // In a partition of its own: of each the oldest record is looked at. No worker can read what it says.
    const topicPartitions = [{ topic, count: partitions + 1 }]
    await withAdmin(servers.fleet.kafka, async (admin) => {
      await admin.createPartitions({ topicPartitions })
      // Until the broker has heard of it, kafkajs sends nothing to it and says nothing of that.
      await until(async () => {
        const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
        return topics[0]?.partitions.length === partitions + 1
      })
      await kafka.send(topic, [{ partition: partitions, value: Buffer.from('not a record'), timestamp }])
      const ends = await admin.fetchTopicOffsets(topic)
      assert.equal(ends.find(({ partition }) => partition === partitions)?.high, '1', 'it is there')
    })
    await kafka.setTopic(topic, declared)
    assertOnlyFailed(await audit(), 'raw-retention', /raw-records: the oldest should have gone by/)
  })
})
