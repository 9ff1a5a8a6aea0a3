/**
 * A server is away for long: what is accepted meanwhile, what the processes that wait take, and that in the end every
 * acknowledged event is counted once.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '../../shared/clock.ts'
import { Fleet, fleetSecrets } from '../campaign/fleet.ts'
import { settle } from '../campaign/settle.ts'
import { catalogueText } from '../crash/batches.ts'
import type { Comparison } from '../crash/compare-counts.ts'
import { Senders } from '../crash/senders.ts'
import { sampleProcess } from '../soak/process-sample.ts'

export const scenarios = ['clickhouse', 'kafka', 'spool-full'] as const
export type Scenario = (typeof scenarios)[number]

const batchesMax = 1800
const batchesPerSecond = 4
const sendersCount = 3
const calmMs = 5000
const sampleEveryMs = 1000
/** A few dozen batches. */
const smallSpoolBytes = 1024 * 1024

export interface OutageOptions {
  readonly scenario: Scenario
  readonly seed: number
  /** How long the server is away. */
  readonly awaySeconds: number
  readonly log: (line: string) => void
}

export interface OutageResult extends Comparison {
  readonly batches: number
  readonly events: number
  /** Batches acknowledged while the server was away. */
  readonly acknowledgedAway: number
  /** Requests of which nothing was heard, or that were refused, before and while it was away. */
  readonly retriesBefore: number
  readonly retriesAway: number
  /** Resident memory of all workers together while it was away, bytes: after the first tenth, at the end, at most. */
  readonly workers: { readonly first: number; readonly last: number; readonly max: number }
  /** What a full spool answered; undefined when it never was full. */
  readonly refusal: Refusal | undefined
}

export interface Refusal {
  readonly status: number
  readonly retryAfter: string | null
  readonly contentType: string | null
  readonly detail: unknown
}

/** @throws Error when a server cannot be had, a sender is refused for good, or things do not come to an end */
export async function runOutage(options: OutageOptions): Promise<OutageResult> {
  const { scenario, seed, awaySeconds, log } = options
  const dir = await mkdtemp(path.join(os.tmpdir(), 'headcount-outage-'))
  const catalogue = path.join(dir, 'catalogue.yaml')
  const batches = Math.min(batchesMax, Math.ceil((awaySeconds + 30) * batchesPerSecond))
  await writeFile(catalogue, catalogueText(batches))
  const settings: Record<string, string> =
    scenario === 'spool-full' ? { HEADCOUNT_SPOOL_BYTES_MAX: String(smallSpoolBytes) } : {}
  const startedAt = Date.now()
  const fleet = await Fleet.start({ dir, brokers: 1, partitions: 4, collectors: 2, workers: 2, catalogue, settings })
  const senders = new Senders({ seed, writeKey: fleetSecrets.writeKey, time: systemClock, batchesMax: batches })
  const sendingFrom = Date.now()
  const pace = setInterval(
    () => senders.allow(Math.ceil(((Date.now() - sendingFrom) / 1000) * batchesPerSecond)),
    1000 / batchesPerSecond,
  )
  try {
    senders.turnTo(...fleet.of('collector').map(({ url }) => url))
    senders.start(sendersCount)
    await sleep(calmMs)
    const before = { acknowledged: senders.acknowledged.length, retries: senders.retries }
    const server = scenario === 'clickhouse' ? fleet.clickhouse : fleet.kafka.nodes[0]
    await server?.kill('SIGKILL')
    log(`${scenario}: away for ${awaySeconds} s`)
    const away = await watch(fleet, senders, options)
    const after = { acknowledged: senders.acknowledged.length, retries: senders.retries }
    await server?.start()
    log(`${scenario}: back; ${after.acknowledged - before.acknowledged} batches were accepted meanwhile`)
    await sleep(calmMs)
    const compared = await settle(fleet, senders, startedAt)
    return {
      ...compared,
      ...away,
      batches: senders.acknowledged.length,
      events: senders.events,
      acknowledgedAway: after.acknowledged - before.acknowledged,
      retriesBefore: before.retries,
      retriesAway: after.retries - before.retries,
    }
  } catch (error) {
    for (const { name, output } of fleet.processes) log(`--- ${name}\n${output.slice(-2000)}`)
    throw error
  } finally {
    clearInterval(pace)
    senders.abandon()
    await fleet.stop()
    await rm(dir, { recursive: true, force: true, maxRetries: 10 })
  }
}

/** While the server is away: looks at the workers' memory and for a refusal, and kills a collector that spools. */
async function watch(
  fleet: Fleet,
  senders: Senders,
  { scenario, awaySeconds, log }: OutageOptions,
): Promise<Pick<OutageResult, 'workers' | 'refusal'>> {
  const workers = fleet.of('worker')
  const [collector] = fleet.of('collector')
  const began = performance.now()
  const resident: number[] = []
  let [isKilled, refusal] = [false, undefined as Refusal | undefined]
  for (let seconds = 0; seconds < awaySeconds; seconds = (performance.now() - began) / 1000) {
    resident.push(workers.reduce((sum, { pid }) => sum + sampleProcess(pid).resident, 0))
    if (scenario === 'spool-full' && !refusal) refusal = await refusalOf(collector?.url ?? '')
    if (scenario === 'kafka' && !isKilled && seconds > awaySeconds / 2) {
      isKilled = true
      log(`kill -9 of a collector with ${senders.acknowledged.length} batches acknowledged`)
      await collector?.kill('SIGKILL')
      collector?.start()
      await collector?.untilLive()
    }
    await sleep(sampleEveryMs)
  }
  // What a worker has in its hands when the server goes is dropped in the first seconds.
  const steady = resident.slice(Math.ceil(resident.length / 10))
  const summary = { first: steady[0] ?? 0, last: steady.at(-1) ?? 0, max: Math.max(...steady) }
  return { workers: summary, refusal }
}

/** What a request that carries no event of the comparison is answered with, when it is refused. */
async function refusalOf(url: string): Promise<Refusal | undefined> {
  const event = { id: `filler-${Math.random()}`, time: new Date(0).toISOString(), feature: 'filler', device: 'filler' }
  // Dropped by the worker as late: it fills the spool and no cell. A tenth of the spool, so that it is full in time also
  // where a busy machine leaves this few turns.
  const events = Array.from({ length: 2000 }, (_, number) => ({ ...event, id: `${event.id}-${number}` }))
  const answer = await fetch(`${url}/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${fleetSecrets.writeKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ events }),
  })
  if (answer.ok) return undefined
  return {
    status: answer.status,
    retryAfter: answer.headers.get('retry-after'),
    contentType: answer.headers.get('content-type'),
    detail: await answer.json(),
  }
}
