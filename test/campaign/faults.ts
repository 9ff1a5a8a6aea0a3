/** What a campaign does to a fleet: one fault at a time, drawn from the seed, and everything is whole again after it. */
import { readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Kafka, logLevel } from 'kafkajs'
import type { Random } from '../../services/command-line/demo-random.ts'
import type { Fleet } from './fleet.ts'
import type { RoleProcess } from './role-process.ts'

export type Fault =
  | 'kill collector'
  | 'kill worker'
  | 'kill reporting'
  | 'pause worker beyond its session'
  | 'stop worker in good order'
  | 'one worker fewer, and one more'
  | 'one partition more'
  | 'kill broker'
  | 'kill Redis'
  | 'delete all that Redis has'
  | 'kill ClickHouse'

/** How often each is drawn. */
const weights: Record<Fault, number> = {
  'kill collector': 6,
  'kill worker': 8,
  'kill reporting': 1,
  'pause worker beyond its session': 3,
  'stop worker in good order': 2,
  'one worker fewer, and one more': 2,
  'one partition more': 1,
  'kill broker': 3,
  'kill Redis': 3,
  'delete all that Redis has': 1,
  'kill ClickHouse': 3,
}

export const faults = Object.keys(weights) as Fault[]

/** Longer than the session timeout of the fleet's workers. */
const pauseMs = 8000
const downMsMax = 4000
const partitionsMax = 8

export function drawFault(random: Random): Fault {
  const total = Object.values(weights).reduce((sum, weight) => sum + weight, 0)
  let left = random.next() * total
  for (const fault of faults) {
    left -= weights[fault]
    if (left < 0) return fault
  }
  return 'kill worker'
}

/** Does it and mends it again. Resolves when everything runs, though not all need be ready. */
export async function inflict(fault: Fault, fleet: Fleet, random: Random): Promise<void> {
  const downMs = random.integer(0, downMsMax)
  const again = async (one: RoleProcess, signal: 'SIGKILL' | 'SIGTERM') => {
    await one.kill(signal)
    await sleep(downMs)
    one.start()
  }
  switch (fault) {
    case 'kill collector':
      return again(random.pick(fleet.of('collector')), 'SIGKILL')
    case 'kill worker':
      return again(random.pick(fleet.of('worker')), 'SIGKILL')
    case 'kill reporting':
      return again(random.pick(fleet.of('reporting')), 'SIGKILL')
    case 'stop worker in good order':
      return again(random.pick(fleet.of('worker')), 'SIGTERM')
    case 'pause worker beyond its session': {
      const worker = random.pick(fleet.of('worker'))
      worker.signal('SIGSTOP')
      await sleep(pauseMs)
      worker.signal('SIGCONT')
      return
    }
    case 'one worker fewer, and one more': {
      const worker = random.pick(fleet.of('worker'))
      await worker.kill('SIGTERM')
      fleet.processes.splice(fleet.processes.indexOf(worker), 1)
      await fleet.add('worker')
      return
    }
    case 'one partition more':
      return addPartition(fleet)
    case 'kill broker': {
      const node = random.pick(fleet.kafka.nodes)
      await node.kill('SIGKILL')
      await sleep(downMs)
      return node.start()
    }
    case 'kill Redis':
      await fleet.redis.kill('SIGKILL')
      await sleep(downMs)
      return fleet.redis.start()
    case 'delete all that Redis has':
      return loseRedis(fleet, downMs)
    case 'kill ClickHouse':
      await fleet.clickhouse.kill('SIGKILL')
      await sleep(downMs)
      return fleet.clickhouse.start()
  }
}

/** Workers that knew it notice, end, and are started again as any process that ends by itself. */
async function loseRedis(fleet: Fleet, downMs: number): Promise<void> {
  await fleet.redis.kill('SIGKILL')
  for (const entry of await readdir(fleet.redisDir)) await rm(path.join(fleet.redisDir, entry), { recursive: true })
  await sleep(downMs)
  await fleet.redis.start()
}

/** While collectors and workers go on. Nothing is to be seen of it but that workers get it; a bound keeps it to a few. */
async function addPartition(fleet: Fleet): Promise<void> {
  const admin = new Kafka({ brokers: [...fleet.kafka.bootstrap], logLevel: logLevel.NOTHING }).admin()
  try {
    await admin.connect()
    const { topics } = await admin.fetchTopicMetadata({ topics: [fleet.topic] })
    const count = (topics[0]?.partitions.length ?? 0) + 1
    if (count <= partitionsMax) await admin.createPartitions({ topicPartitions: [{ topic: fleet.topic, count }] })
  } finally {
    await admin.disconnect()
  }
}
