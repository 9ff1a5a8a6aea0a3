/** The same release on real Kafka and Redis, and on a double of the ClickHouse server: the log is read beside its consumers. */
import assert from 'node:assert/strict'
import { after, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { findRedis } from '../../infra/services/redis.ts'
import { ReleaseRequests } from '../../services/operator/release-requests.ts'
import { ReleaseReader } from '../../services/release/release-store.ts'
import { locateNowhere } from '../../services/worker/locate.ts'
import { Sealer } from '../../services/worker/seal/sealer.ts'
import { Worker } from '../../services/worker/worker.ts'
import { parseCatalogue } from '../../shared/catalogue-file.ts'
import { systemClock } from '../../shared/clock.ts'
import { encodeRecord } from '../../shared/event.ts'
import { openLedger } from '../../shared/ledger/warehouse-ledger.ts'
import { createLogger } from '../../shared/logger.ts'
import { createMetrics } from '../../shared/metrics.ts'
import { withBridge } from '../fixtures/bridged-warehouse.ts'
import { kafkaForTests, openKafkaLog } from '../fixtures/kafka.ts'
import { openStore, withRedis } from '../fixtures/redis.ts'
import { withTemporaryDirectory } from '../fixtures/temporary-directory.ts'

const catalogue = parseCatalogue(
  `
version: "1"
features: [{ id: a, title: A }]
dimensions: [{ id: feature, title: Feature, from: feature }]
datasets:
  - id: usage
    title: Usage
    dimensions: [feature]
    audience: partners
    release: [{ level: leaf, by: [feature], events: 8, share: 1 }]
`,
  'test.yaml',
)

const kafka = await kafkaForTests()
const missing = kafka && !findRedis() && process.env.CI !== 'true' ? 'there is no redis-server here' : false

if (kafka)
  it('two workers on servers seal a day once, and every process sees the same release', { skip: missing }, () =>
    withTemporaryDirectory((dir) =>
      withRedis({}, (redis) =>
        withBridge(async ({ open }) => {
          const logger = createLogger({ logLevel: 'silent' })
          const metrics = createMetrics(false)
          const workers: Worker[] = []
          const begin = async (index: number) => {
            const log = await openKafkaLog(kafka, { dir, partitions: 3 })
            const keyValue = await openStore(redis)
            const warehouse = await open()
            const ledger = await openLedger({ keyValue, warehouse, clock: systemClock })
            const shared = { log, keyValue, warehouse, catalogue, clock: systemClock, logger, metrics }
            const sealer = new Sealer({ ...shared, ledger, locate: locateNowhere, scratchDir: `${dir}/seal-${index}` })
            const worker = new Worker({
              ...{ ...shared, sealer, locate: locateNowhere, lingerMs: 20, scratchDir: `${dir}/scratch-${index}` },
              onFatal: (error) => assert.fail(String(error)),
            })
            await worker.start()
            workers.push(worker)
            return { ...shared, ledger, worker }
          }
          const [first, second] = [await begin(0), await begin(1)]
          after(() => Promise.all(workers.map((worker) => worker.drain())))
          const day = new Date().toISOString().slice(0, 10)
          const records = Array.from({ length: 300 }, (_, index) => ({
            partition: index % 3,
            value: encodeRecord({
              ...{ receivedAt: Date.now(), route: 'node', ip: '192.0.2.1', userAgent: 'agent/1' },
              unit: { kind: 'device', id: `device ${index}` },
              events: [{ id: `id ${index}`, time: Date.now(), feature: 'a', fields: {} }],
            }),
          }))
          // Twice: what senders send again counts once.
          for (let time = 0; time < 2; time++) await first.log.append(records)
          const requests = [first, second].map(
            (one) => new ReleaseRequests({ ...one, nudge: () => one.worker.maintain() }),
          )
          const published = async (one: ReleaseRequests) => {
            for (const until = Date.now() + 60_000; ; await sleep(100)) {
              const answer = await one.ask(day, true)
              if (answer.state === 'published') return answer.releases
              assert.ok(answer.state === 'pending' && Date.now() < until, JSON.stringify(answer))
            }
          }
          const [here, there] = await Promise.all(requests.map(published))
          assert.deepEqual(here, there)
          const { sha256 = '' } = here?.[0] ?? {}
          const reader = new ReleaseReader(second.warehouse)
          const manifest = JSON.parse(String(await reader.manifest('usage', day, sha256)))
          const file = manifest.files.find(({ format }: { format: string }) => format === 'ndjson')
          const rows = String(await reader.file('usage', day, sha256, 'ndjson', file.sha256))
            .trim()
            .split('\n')
          assert.equal(rows.length, 1)
          const { devices } = JSON.parse(rows[0] ?? '{}')
          assert.ok(Math.abs(devices - 300) < 60, `300 devices, and ${devices} are published`)
          const kinds: string[] = []
          for await (const { event } of second.ledger.entries()) kinds.push(event.kind)
          assert.deepEqual(kinds, ['ledger.begun', 'budget.reserved', 'release.sealed', 'release.published'])
          await Promise.all(workers.splice(0).map((worker) => worker.drain()))
        }),
      ),
    ),
  )
