/** A whole distributed installation on this machine: real Kafka and Redis, ClickHouse's bridge, and processes of each role. */
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { type ClickhouseBridge, startClickhouseBridge } from '../../infra/services/clickhouse-bridge.ts'
import { freePorts } from '../../infra/services/free-ports.ts'
import { type KafkaCluster, startKafka } from '../../infra/services/kafka.ts'
import { type RedisServer, startRedis } from '../../infra/services/redis.ts'
import { type Role, RoleProcess } from './role-process.ts'

export interface FleetOptions {
  readonly dir: string
  readonly brokers: 1 | 3
  readonly partitions: number
  readonly collectors: number
  readonly workers: number
  /** A catalogue file. */
  readonly catalogue: string
  readonly settings?: Record<string, string>
  /** On top of those of the fleet. */
  readonly kafkaProperties?: Record<string, string>
  /** Of what each process writes, to be kept. */
  readonly outputCharactersMax?: number
}

export const fleetSecrets = {
  writeKey: 'campaign-write-key-0001',
  adminToken: 'campaign-admin-token-01',
  analystToken: 'campaign-analyst-token',
}

const topicPrefix = 'campaign'

export class Fleet {
  readonly kafka: KafkaCluster
  readonly redis: RedisServer
  readonly clickhouse: ClickhouseBridge
  readonly processes: RoleProcess[] = []
  /** Numbers are not used again: a folder belongs to one process. */
  #added = 0
  readonly #options: FleetOptions

  private constructor(options: FleetOptions, kafka: KafkaCluster, redis: RedisServer, clickhouse: ClickhouseBridge) {
    this.#options = options
    this.kafka = kafka
    this.redis = redis
    this.clickhouse = clickhouse
  }

  /** Starts everything and waits until it is ready. @throws MissingProgramError without Java, Maven or Redis */
  static async start(options: FleetOptions): Promise<Fleet> {
    const { dir, brokers } = options
    const under = (name: string) => path.join(dir, name)
    const properties = { 'group.min.session.timeout.ms': '500', ...options.kafkaProperties }
    const kafka = await startKafka({ dir: under('kafka'), brokers, properties })
    const redis = await startRedis({ dir: under('redis'), password: 'campaign-redis-password' })
    const clickhouse = await startClickhouseBridge({ dir: under('clickhouse') })
    const fleet = new Fleet(options, kafka, redis, clickhouse)
    try {
      for (let number = 0; number < options.collectors; number++) await fleet.add('collector')
      for (let number = 0; number < options.workers; number++) await fleet.add('worker')
      await fleet.add('reporting')
      await Promise.all(fleet.of('worker').map((one) => one.untilLive('/health/ready')))
    } catch (error) {
      await fleet.stop()
      throw error
    }
    return fleet
  }

  /** The event log's. */
  readonly topic = `${topicPrefix}-events`

  /** Redis's files. */
  get redisDir(): string {
    return path.join(this.#options.dir, 'redis')
  }

  of(role: Role): RoleProcess[] {
    return this.processes.filter((one) => one.role === role)
  }

  /** One more process of a role. @param nodeOptions of Node's own, before the program */
  async add(role: Role, nodeOptions: readonly string[] = []): Promise<RoleProcess> {
    const [port = 0] = await freePorts(1)
    const name = `${role}-${++this.#added}`
    const dataDir = path.join(this.#options.dir, name)
    await mkdir(dataDir, { recursive: true })
    const environment = {
      HEADCOUNT_DATA_DIR: dataDir,
      [`HEADCOUNT_${role.toUpperCase()}_PORT`]: String(port),
      HEADCOUNT_EVENT_LOG_URL: `kafka://${this.kafka.bootstrap.join(',')}/${topicPrefix}`,
      HEADCOUNT_KEY_VALUE_URL: this.redis.url,
      HEADCOUNT_WAREHOUSE_URL: `${this.clickhouse.url}/headcount`,
      HEADCOUNT_WRITE_KEY: fleetSecrets.writeKey,
      HEADCOUNT_ADMIN_TOKEN: fleetSecrets.adminToken,
      HEADCOUNT_ANALYST_TOKEN: fleetSecrets.analystToken,
      HEADCOUNT_CATALOGUE: this.#options.catalogue,
      HEADCOUNT_PARTITIONS: String(this.#options.partitions),
      HEADCOUNT_SESSION_TIMEOUT_MS: '6000',
      HEADCOUNT_LINGER_MS: '20',
      HEADCOUNT_K: '1',
      HEADCOUNT_LOG_LEVEL: 'info',
      ...this.#options.settings,
    }
    const one = new RoleProcess(role, name, `http://127.0.0.1:${port}`, environment, nodeOptions)
    one.outputCharactersMax = this.#options.outputCharactersMax ?? one.outputCharactersMax
    this.processes.push(one)
    one.start()
    await one.untilLive()
    return one
  }

  /** Ends everything, in whatever state it is. */
  async stop(): Promise<void> {
    await Promise.all(this.processes.map((one) => one.kill()))
    await this.clickhouse.stop().catch(() => undefined)
    await this.redis.stop().catch(() => undefined)
    await this.kafka.stop().catch(() => undefined)
  }
}
