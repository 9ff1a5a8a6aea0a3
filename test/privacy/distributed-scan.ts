/**
 * Collector, worker and reporting as processes of their own on real Kafka, real Redis and the double of a ClickHouse server,
 * and a look at everything that any of them keeps or says.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { readCatalogue } from '../../shared/catalogue-file.ts'
import { rawGoneMs } from '../../shared/retention/limits.ts'
import type { Warehouse } from '../../shared/warehouse/port.ts'
import { openServerWarehouse } from '../../shared/warehouse/server.ts'
import type { Grain } from '../../shared/window.ts'
import { Fleet, fleetSecrets } from '../campaign/fleet.ts'
import type { RoleProcess } from '../campaign/role-process.ts'
import { freshTo } from '../crash/counted-cells.ts'
import { until } from '../fixtures/until.ts'
import { type AskedServers, askEverything, readAnswer } from './answers.ts'
import type { Needle } from './canary.ts'
import { NeedleSearch } from './needle-search.ts'
import { type Finding, scanBytes, scanFiles, scanWarehouse } from './scan.ts'
import { type KafkaFindings, scanKafka } from './scan-kafka.ts'
import { scanRedis } from './scan-redis.ts'

const catalogueFile = fileURLToPath(new URL('../../shared/catalogue.yaml', import.meta.url))
const settleMsMax = 60_000

/** The catalogue's partitions: two, so that there is more than one place to look. */
export const partitions = 2

export class DistributedScene {
  readonly dir: string
  readonly fleet: Fleet
  readonly warehouse: Warehouse
  readonly #search: NeedleSearch
  readonly #startedAt = Date.now()
  readonly #catalogue = readCatalogue(catalogueFile)

  private constructor(dir: string, fleet: Fleet, warehouse: Warehouse, needles: readonly Needle[]) {
    this.dir = dir
    this.fleet = fleet
    this.warehouse = warehouse
    this.#search = new NeedleSearch(needles)
  }

  static async start(needles: readonly Needle[]): Promise<DistributedScene> {
    const dir = await mkdtemp(path.join(os.tmpdir(), 'headcount-scan-'))
    const fleet = await Fleet.start({
      ...{ dir, brokers: 1, partitions, collectors: 1, workers: 1, catalogue: catalogueFile },
      outputCharactersMax: Number.MAX_SAFE_INTEGER,
      settings: { HEADCOUNT_LOG_LEVEL: 'trace', HEADCOUNT_TRUSTED_PROXIES: '127.0.0.1' },
      kafkaProperties: {
        'log.retention.check.interval.ms': '300',
        'log.initial.task.delay.ms': '300',
        // Indexes are made at their full size, of zeros; smaller ones are sooner looked through.
        'log.index.size.max.bytes': '4096',
      },
    }).catch(async (error) => {
      await rm(dir, { recursive: true, force: true })
      throw error
    })
    const warehouse = await openServerWarehouse({ url: `${fleet.clickhouse.url}/headcount`, warn: () => undefined })
    const scene = new DistributedScene(dir, fleet, warehouse, needles)
    await scene.collector.untilLive('/health/ready')
    return scene
  }

  get collector(): RoleProcess {
    return this.#first('collector')
  }

  /** As askEverything and sendCanaries want it. */
  get servers(): AskedServers {
    return {
      collectorUrl: this.collector.url,
      reportingUrl: this.#first('reporting').url,
      catalogue: this.#catalogue,
      credentials: fleetSecrets,
    }
  }

  /** Waits until everything that was accepted is counted, what is in the spool too. */
  async settle(): Promise<void> {
    await until(async () => /^headcount_spool_bytes 0$/m.test(await this.#metrics(this.collector)), settleMsMax)
    const asked = { reportingUrl: this.servers.reportingUrl, analystToken: fleetSecrets.analystToken }
    const to = Date.now()
    await until(async () => (await freshTo({ ...asked, from: this.#startedAt, to }).catch(() => 0)) >= to, settleMsMax)
  }

  /** On the broker's disk. */
  kafka(): Promise<KafkaFindings> {
    return scanKafka({
      search: this.#search,
      dir: path.join(this.dir, 'kafka'),
      eventsTopic: this.fleet.topic,
      notBefore: Date.now() - rawGoneMs,
    })
  }

  /** In the collector's own folder, where its spool is. */
  spool(): Promise<Finding[]> {
    return scanFiles(this.#search, path.join(this.dir, this.collector.name))
  }

  /** Everywhere but in Kafka. @param grains of which usage is asked for, which takes a server some time */
  async outsideKafka(grains: readonly Grain[] = []): Promise<Finding[]> {
    const redis = await scanRedis(this.#search, this.fleet.redis.url)
    if (redis.keys === 0) throw new Error('there is nothing in Redis: this was no look at it')
    const asked = await askEverything(this.servers, this.#startedAt, grains)
    return [
      ...redis.findings,
      ...(await scanWarehouse(this.#search, this.warehouse)),
      ...(await scanFiles(this.#search, this.dir, ['kafka'])),
      ...(await this.processes()),
      ...this.texts(asked),
    ]
  }

  /** In what the processes log and in their metrics. */
  async processes(): Promise<Finding[]> {
    const metrics = await Promise.all(
      this.fleet.processes.map(async (one) => ({ where: `metrics of ${one.name}`, text: await this.#metrics(one) })),
    )
    return this.texts([
      ...metrics,
      ...this.fleet.processes.map(({ name, output }) => ({ where: `log of ${name}`, text: output })),
    ])
  }

  texts(said: readonly { readonly where: string; readonly text: string }[]): Finding[] {
    return said.flatMap(({ where, text }) => scanBytes(this.#search, where, text))
  }

  async remove(): Promise<void> {
    await this.warehouse.close()
    await this.fleet.stop()
    await rm(this.dir, { recursive: true, force: true, maxRetries: 10 })
  }

  async #metrics({ url }: RoleProcess): Promise<string> {
    const headers = { authorization: `Bearer ${fleetSecrets.adminToken}` }
    const { status, text } = await readAnswer(fetch(`${url}/metrics`, { headers }))
    if (status !== 200) throw new Error(`${url}/metrics answered ${status}`)
    return text
  }

  #first(role: 'collector' | 'reporting'): RoleProcess {
    const [one] = this.fleet.of(role)
    if (!one) throw new Error(`there is no ${role}`)
    return one
  }
}
