/**
 * Processor seconds per million events of the collector on Kafka and of an OpenTelemetry Collector on the same Kafka: the
 * same events, in turn, each answering only when all replicas have them.
 */
import { mkdir } from 'node:fs/promises'
import { Agent } from 'node:http'
import path from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import { freePorts } from '../../infra/services/free-ports.ts'
import { startKafka } from '../../infra/services/kafka.ts'
import { RoleProcess } from '../campaign/role-process.ts'
import { sampleProcess } from '../soak/process-sample.ts'
import { BenchEvents } from './bench-events.ts'
import { median, withFolder } from './measured-process.ts'
import { startOtelCollector } from './peer/otel-collector.ts'
import { otlpJson, otlpProtobuf } from './peer/otlp-logs.ts'
import { sendAll, type Target } from './send-all.ts'

const eventsPerBatch = 100
const bodiesPerRound = 3000
const warmUpRounds = 4
const rounds = 7
const peerTopic = 'otlp_logs'
const writeKey = 'bench-write-key-0001'

export const sides = ['Headcount', 'OpenTelemetry, JSON', 'OpenTelemetry, protobuf'] as const
export type Side = (typeof sides)[number]

export interface PeerCosts {
  /** CPU-seconds per million events, a figure a round. */
  readonly seconds: ReadonlyMap<Side, readonly number[]>
  /** Of the medians; below 1 we take less. */
  readonly ratioJson: number
  readonly ratioProtobuf: number
}

/**
 * @param program the OpenTelemetry Collector
 * @param connections that send at the same time
 * @throws Error when a server or the program cannot be had
 */
export async function measureBesidePeer(
  seed: number,
  program: string,
  connections: number,
  onRound: (round: number) => void,
): Promise<PeerCosts> {
  return withFolder(async (dir) => {
    const kafka = await startKafka({ dir: path.join(dir, 'kafka'), brokers: 1 })
    const brokers = kafka.bootstrap.join(',')
    const collector = await startCollector(dir, brokers)
    await makeTopic(kafka.bootstrap)
    const peer = await startOtelCollector({ program, dir, brokers, topic: peerTopic })
    try {
      const own = { url: `${collector.url}/v1/events`, headers: { authorization: `Bearer ${writeKey}` } }
      const as = (type: string): Target => ({ url: peer.url, headers: { 'content-type': `application/${type}` } })
      const plans: Record<Side, { target: Target; pid: number; body: (events: Batch) => string | Uint8Array }> = {
        Headcount: { target: own, pid: collector.pid, body: (events) => JSON.stringify({ events }) },
        'OpenTelemetry, JSON': { target: as('json'), pid: peer.pid, body: otlpJson },
        'OpenTelemetry, protobuf': { target: as('x-protobuf'), pid: peer.pid, body: otlpProtobuf },
      }
      const events = new BenchEvents(seed, 5000)
      const agent = new Agent({ keepAlive: true, maxSockets: connections })
      const seconds = new Map<Side, number[]>(sides.map((side) => [side, []]))
      for (let round = -warmUpRounds; round < rounds; round++) {
        onRound(round)
        const batches = Array.from({ length: bodiesPerRound }, () => events.batch(eventsPerBatch, Date.now()))
        for (const side of sides) {
          const { target, pid, body } = plans[side]
          const bodies = batches.map(body)
          const before = sampleProcess(pid).cpuSeconds
          await sendAll(target, agent, bodies, connections)
          const taken = sampleProcess(pid).cpuSeconds - before
          if (round >= 0) seconds.get(side)?.push((taken / (bodiesPerRound * eventsPerBatch)) * 1e6)
        }
      }
      agent.destroy()
      const of = (side: Side) => median(seconds.get(side) ?? [])
      return {
        seconds,
        ratioJson: of('Headcount') / of('OpenTelemetry, JSON'),
        ratioProtobuf: of('Headcount') / of('OpenTelemetry, protobuf'),
      }
    } finally {
      peer.stop()
      await collector.kill()
      await kafka.stop()
    }
  })
}

/** The OpenTelemetry Collector counts on the broker to make it. */
async function makeTopic(brokers: readonly string[]): Promise<void> {
  const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.ERROR }).admin()
  await admin.connect()
  await admin.createTopics({ waitForLeaders: true, topics: [{ topic: peerTopic, numPartitions: 4 }] })
  await admin.disconnect()
}

type Batch = ReturnType<BenchEvents['batch']>

/** As `npm run collector` does it. */
async function startCollector(dir: string, brokers: string): Promise<RoleProcess> {
  const [port = 0] = await freePorts(1)
  const dataDir = path.join(dir, 'collector')
  await mkdir(dataDir)
  const collector = new RoleProcess(
    'collector',
    'collector',
    `http://127.0.0.1:${port}`,
    {
      HEADCOUNT_DATA_DIR: dataDir,
      HEADCOUNT_COLLECTOR_PORT: String(port),
      HEADCOUNT_EVENT_LOG_URL: `kafka://${brokers}/headcount`,
      HEADCOUNT_WRITE_KEY: writeKey,
      HEADCOUNT_ADMIN_TOKEN: 'bench-admin-token-01',
    },
    ['--max-semi-space-size=32'],
  )
  collector.start()
  await collector.untilLive('/health/ready')
  return collector
}
