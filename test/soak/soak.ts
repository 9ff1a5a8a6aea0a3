/**
 * A soak: a whole fleet at a steady rate, looked at every few seconds. Memory, file handles and lag must be flat, an idle
 * process must cost next to nothing, and in the end every event is counted once.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '../../shared/clock.ts'
import { Fleet, fleetSecrets } from '../campaign/fleet.ts'
import type { RoleProcess } from '../campaign/role-process.ts'
import { settle } from '../campaign/settle.ts'
import { catalogueText } from '../crash/batches.ts'
import type { Comparison } from '../crash/compare-counts.ts'
import { Senders } from '../crash/senders.ts'
import { sampleProcess } from './process-sample.ts'
import { type Series, seriesOf } from './series.ts'

/** As many features as a catalogue with one for each batch can have. */
const batchesMax = 1800
const sendersCount = 3

export interface SoakOptions {
  readonly seed: number
  readonly minutes: number
  /** Batches of 1 to 300 events, 150 on average, a second. */
  readonly batchesPerSecond: number
  readonly idleSeconds: number
  readonly sampleSeconds: number
  readonly log: (line: string) => void
}

export interface SoakResult extends Comparison {
  /** By process. */
  readonly processes: ReadonlyMap<string, ProcessSeries>
  /** Records not yet counted, all partitions. */
  readonly lag: Series
  readonly batches: number
  readonly events: number
  readonly unplannedEnds: number
}

export interface ProcessSeries {
  /** Bytes. */
  readonly resident: Series
  readonly handles: Series
  /** Of one core, while nothing is sent. */
  readonly idleShare: number
  /** Of one core, at the rate. */
  readonly busyShare: number
}

/** @throws Error when a server cannot be had, or things do not come to an end */
export async function soak(options: SoakOptions): Promise<SoakResult> {
  const { seed, minutes, batchesPerSecond, log } = options
  const dir = await mkdtemp(path.join(os.tmpdir(), 'headcount-soak-'))
  const catalogue = path.join(dir, 'catalogue.yaml')
  const batches = Math.round(minutes * 60 * batchesPerSecond)
  if (batches > batchesMax)
    throw new Error(`at most ${batchesMax} batches: fewer minutes, or fewer than ${batchesPerSecond} a second`)
  await writeFile(catalogue, catalogueText(batches))
  const startedAt = Date.now()
  const fleet = await Fleet.start({ dir, brokers: 1, partitions: 4, collectors: 2, workers: 2, catalogue })
  const senders = new Senders({ seed, writeKey: fleetSecrets.writeKey, time: systemClock, batchesMax: batches })
  try {
    const processes = [...fleet.processes]
    log(`idle for ${options.idleSeconds} s`)
    const idle = await sharesOf(processes, () => sleep(options.idleSeconds * 1000))
    senders.turnTo(...fleet.of('collector').map(({ url }) => url))
    senders.start(sendersCount)
    const watched = new Watch(processes)
    const busy = await sharesOf(processes, async () => {
      const began = performance.now()
      for (let seconds = 0; seconds < minutes * 60; seconds = (performance.now() - began) / 1000) {
        senders.allow(Math.ceil(seconds * batchesPerSecond))
        await sleep(1000 / batchesPerSecond)
        if (await watched.sampleEvery(options.sampleSeconds)) log(watched.line(seconds, senders.events))
      }
    })
    senders.allow(batches)
    const compared = await settle(fleet, senders, startedAt)
    return {
      ...compared,
      processes: watched.result(idle, busy),
      lag: seriesOf(watched.lag),
      batches: senders.acknowledged.length,
      events: senders.events,
      unplannedEnds: fleet.processes.reduce((sum, one) => sum + one.unplannedEnds, 0),
    }
  } finally {
    senders.abandon()
    await fleet.stop()
    await rm(dir, { recursive: true, force: true })
  }
}

/** Shares of one core that each process took meanwhile. */
async function sharesOf(processes: readonly RoleProcess[], meanwhile: () => Promise<unknown>): Promise<number[]> {
  const before = processes.map(({ pid }) => sampleProcess(pid).cpuSeconds)
  const began = performance.now()
  await meanwhile()
  const seconds = (performance.now() - began) / 1000
  return processes.map(({ pid }, index) => (sampleProcess(pid).cpuSeconds - (before[index] ?? 0)) / seconds)
}

class Watch {
  readonly lag: number[] = []
  readonly #processes: readonly RoleProcess[]
  readonly #resident: number[][]
  readonly #handles: number[][]
  #sampledAt = Number.NEGATIVE_INFINITY

  constructor(processes: readonly RoleProcess[]) {
    this.#processes = processes
    this.#resident = processes.map(() => [])
    this.#handles = processes.map(() => [])
  }

  /** Takes a sample if the last one is so long ago. True when it did. */
  async sampleEvery(seconds: number): Promise<boolean> {
    if (performance.now() < this.#sampledAt + seconds * 1000) return false
    this.#sampledAt = performance.now()
    for (const [index, { pid }] of this.#processes.entries()) {
      const { resident, handles } = sampleProcess(pid)
      this.#resident[index]?.push(resident)
      this.#handles[index]?.push(handles)
    }
    this.lag.push(await lagOf(this.#processes.filter(({ role }) => role === 'worker')))
    return true
  }

  line(seconds: number, events: number): string {
    const mebibytes = this.#processes.map(
      ({ name }, index) => `${name} ${Math.round((this.#resident[index]?.at(-1) ?? 0) / 2 ** 20)}`,
    )
    return `${Math.round(seconds)} s · ${events} events · lag ${this.lag.at(-1)} · MiB: ${mebibytes.join(', ')}`
  }

  result(idle: readonly number[], busy: readonly number[]): Map<string, ProcessSeries> {
    return new Map(
      this.#processes.map(({ name }, index) => [
        name,
        {
          resident: seriesOf(this.#resident[index] ?? []),
          handles: seriesOf(this.#handles[index] ?? []),
          idleShare: idle[index] ?? 0,
          busyShare: busy[index] ?? 0,
        },
      ]),
    )
  }
}

async function lagOf(workers: readonly RoleProcess[]): Promise<number> {
  const headers = { authorization: `Bearer ${fleetSecrets.adminToken}` }
  const texts = await Promise.all(workers.map(async ({ url }) => (await fetch(`${url}/metrics`, { headers })).text()))
  const lags = texts.flatMap((text) => [...text.matchAll(/^headcount_log_lag_records\{[^}]*\} (\S+)$/gm)])
  return lags.reduce((sum, [, value]) => sum + Number(value), 0)
}
