/**
 * The whole fleet on servers, and the power cut for all of them at one moment: Kafka (one broker that syncs each append,
 * as docker-compose.yml has it), Redis, the ClickHouse engine behind its bridge, collectors with their spools, workers.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Random } from '../../services/command-line/demo-random.ts'
import { systemClock } from '../../shared/clock.ts'
import { Fleet, fleetSecrets } from '../campaign/fleet.ts'
import { settle } from '../campaign/settle.ts'
import { catalogueText } from '../crash/batches.ts'
import { Senders } from '../crash/senders.ts'
import { DurableState, type RolledBack } from './durable-state.ts'
import type { PowerCutOptions, PowerCutResult } from './power-cuts.ts'

const batchesPerRound = 20
const sendersCount = 3
/** Some longer than parts of the warehouse live once they have been merged. */
const upMs = { min: 500, max: 12_000 }

/** @throws Error without gcc or a server, or when something does not start on what is left */
export async function cutPowerOfServers({ seed, rounds, forgets, log }: PowerCutOptions): Promise<PowerCutResult> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'headcount-power-cut-'))
  const watched = path.join(dir, 'fleet')
  const catalogue = path.join(dir, 'catalogue.yaml')
  await mkdir(watched)
  const batchesMax = rounds * batchesPerRound
  await writeFile(catalogue, catalogueText(batchesMax))
  const durable = await DurableState.watch(watched, dir)
  const environment = durable.environment(forgets)
  // The servers are started with this process's variables.
  Object.assign(process.env, environment)
  const startedAt = Date.now()
  const fleet = await Fleet.start({
    ...{ dir: watched, brokers: 1, partitions: 4, collectors: 2, workers: 2, catalogue },
    settings: environment,
    kafkaProperties: { 'log.flush.interval.messages': '1' },
  })
  // Settings, scripts and certificates of the servers, written by whoever installed them.
  await durable.sync()
  const senders = new Senders({ seed, writeKey: fleetSecrets.writeKey, time: systemClock, batchesMax })
  const rolledBack: RolledBack = { files: 0, bytes: 0 }
  const random = new Random(seed)
  try {
    senders.turnTo(...fleet.of('collector').map(({ url }) => url))
    senders.start(sendersCount)
    for (let round = 1; round <= rounds; round++) {
      senders.allow(round * batchesPerRound)
      await sleep(random.integer(upMs.min, upMs.max))
      await killAll(fleet)
      const { files, bytes } = await durable.cut()
      rolledBack.files += files
      rolledBack.bytes += bytes
      log(`cut ${round}: ${files} files, ${bytes} bytes gone · ${senders.acknowledged.length} batches acknowledged`)
      await startAll(fleet)
    }
    const compared = await settle(fleet, senders, startedAt)
    return { ...compared, cuts: rounds, rolledBack, batches: senders.acknowledged.length, events: senders.events }
  } catch (error) {
    for (const { name, output } of fleet.processes) log(`--- ${name}\n${output.slice(-2000)}`)
    throw error
  } finally {
    for (const name of Object.keys(environment)) delete process.env[name]
    senders.abandon()
    await fleet.stop()
    await rm(dir, { recursive: true, force: true })
  }
}

async function killAll({ kafka, redis, clickhouse, processes }: Fleet): Promise<void> {
  const servers = [...kafka.nodes, redis, clickhouse].map((one) => one.kill('SIGKILL'))
  await Promise.all([...processes.map((one) => one.kill('SIGKILL')), ...servers])
}

async function startAll({ kafka, redis, clickhouse, processes }: Fleet): Promise<void> {
  await Promise.all([...kafka.nodes.map((node) => node.start()), redis.start(), clickhouse.start()])
  for (const one of processes) one.start()
  await Promise.all(processes.map((one) => one.untilLive('/health/ready')))
}
