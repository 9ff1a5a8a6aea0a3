/** How fast so many workers count what waits in Kafka: the same input each time, from its beginning. */
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '../../shared/clock.ts'
import { encodeRecord } from '../../shared/event.ts'
import { openKafkaEventLog } from '../../shared/eventlog/kafka.ts'
import { parseKafkaUrl } from '../../shared/eventlog/kafka-url.ts'
import { Fleet, fleetSecrets } from '../campaign/fleet.ts'
import type { RoleProcess } from '../campaign/role-process.ts'
import { sampleProcess } from '../soak/process-sample.ts'
import { BenchEvents, recordOfBatch } from './bench-events.ts'
import { holdAtShare } from './cpu-share.ts'
import { withFolder } from './measured-process.ts'

const partitions = 4
const eventsPerRecord = 100
const recordsPerAppend = 200
const lookEveryMs = 200
const waitMsMax = 300_000
/** The rate is that between these shares of the input: neither start-up nor the last partition's end is in it. */
const steady = { from: 0.1, to: 0.9 }

export interface DrainedInput {
  readonly workers: number
  /** Seconds since the first event was counted, and events that then still waited. */
  readonly lag: readonly (readonly [seconds: number, events: number])[]
  /** Events a second while the lag fell steadily. */
  readonly rate: number
  /** Of the event log, on one replica. */
  readonly bytesPerEvent: number
  /** CPU-seconds per million events. */
  readonly cpu: Readonly<Record<'workers' | 'Kafka' | 'Redis', number>>
}

export interface Drain {
  readonly workers: number
  /** In all; every one is new and of today. */
  readonly events: number
  readonly seed: number
  /** Of a core, for each worker; undefined: as much as it gets. */
  readonly share?: number | undefined
}

export async function drainWith({ workers, events, seed, share }: Drain): Promise<DrainedInput> {
  return withFolder(async (dir) => {
    const options = { dir, brokers: 1, partitions, collectors: 0, workers: 0, catalogue: '' } as const
    const fleet = await Fleet.start({ ...options, settings: { HEADCOUNT_LINGER_MS: '200' } })
    const release: (() => void)[] = []
    try {
      const bytes = await fill(`kafka://${fleet.kafka.bootstrap.join(',')}/campaign`, events, seed)
      const servers = { Kafka: fleet.kafka.nodes[0]?.pid ?? 0, Redis: fleet.redis.pid }
      const before = { Kafka: cpuOf(servers.Kafka), Redis: cpuOf(servers.Redis) }
      const all = await Promise.all(Array.from({ length: workers }, () => fleet.add('worker')))
      if (share !== undefined) for (const { pid } of all) release.push(holdAtShare(pid, share))
      const atStart = all.reduce((sum, { pid }) => sum + cpuOf(pid), 0)
      const lag = await untilCounted(all, events)
      const perMillion = (seconds: number) => (seconds / events) * 1e6
      return {
        workers,
        lag,
        rate: rateOf(lag, events),
        bytesPerEvent: bytes / events,
        cpu: {
          workers: perMillion(all.reduce((sum, { pid }) => sum + cpuOf(pid), 0) - atStart),
          Kafka: perMillion(cpuOf(servers.Kafka) - before.Kafka),
          Redis: perMillion(cpuOf(servers.Redis) - before.Redis),
        },
      }
    } finally {
      for (const letGo of release) letGo()
      await fleet.stop()
    }
  })
}

function cpuOf(pid: number): number {
  return sampleProcess(pid).cpuSeconds
}

/** Returns how many bytes the log has then. */
async function fill(url: string, events: number, seed: number): Promise<number> {
  const log = await openKafkaEventLog({
    address: parseKafkaUrl(url),
    ...{ partitions, replication: undefined, clock: systemClock, pendingBytesMax: 2 ** 28, warn: () => undefined },
    ...{ sessionTimeoutMs: 30_000, appendTimeoutMs: 30_000, onFatal: () => undefined },
  })
  const made = new BenchEvents(seed, 5000)
  for (let appended = 0; appended < events; ) {
    const records = Array.from({ length: recordsPerAppend }, (_, number) => ({
      partition: number % partitions,
      value: encodeRecord(recordOfBatch(made.batch(eventsPerRecord, Date.now()), Date.now())),
    }))
    await log.append(records)
    appended += records.length * eventsPerRecord
  }
  const bytes = await log.bytes()
  await log.close()
  return bytes
}

async function untilCounted(workers: readonly RoleProcess[], events: number): Promise<[number, number][]> {
  const lag: [number, number][] = []
  const deadline = performance.now() + waitMsMax
  let began = 0
  for (let counted = 0; counted < events; await sleep(lookEveryMs)) {
    if (performance.now() > deadline)
      throw new Error(`${counted} of ${events} events are counted after ${waitMsMax} ms`)
    counted = (await Promise.all(workers.map(countedBy))).reduce((sum, one) => sum + one, 0)
    if (counted === 0) continue
    if (began === 0) began = performance.now()
    lag.push([(performance.now() - began) / 1000, events - counted])
  }
  return lag
}

async function countedBy({ url }: RoleProcess): Promise<number> {
  const headers = { authorization: `Bearer ${fleetSecrets.adminToken}` }
  const text = await (await fetch(`${url}/metrics`, { headers })).text()
  return Number(/^headcount_events_counted_total (\S+)$/m.exec(text)?.[1] ?? 0)
}

function rateOf(lag: readonly (readonly [number, number])[], events: number): number {
  const inside = lag.filter(([, left]) => left <= events * (1 - steady.from) && left >= events * (1 - steady.to))
  const [first, last] = [inside[0], inside.at(-1)]
  if (!first || !last || first === last) throw new Error('the input was counted too fast to see a rate: more events')
  return (first[1] - last[1]) / (last[0] - first[0])
}
