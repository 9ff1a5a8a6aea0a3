/**
 * The campaign on real servers: senders that retry, processes and servers killed, paused and replaced at random, and in
 * the end every batch counted: each acknowledged event once, in every grain.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Random } from '../../services/command-line/demo-random.ts'
import { systemClock } from '../../shared/clock.ts'
import { catalogueText } from '../crash/batches.ts'
import type { Comparison } from '../crash/compare-counts.ts'
import { Senders } from '../crash/senders.ts'
import { drawFault, type Fault, inflict } from './faults.ts'
import { Fleet, fleetSecrets } from './fleet.ts'
import { settle } from './settle.ts'

const sendersCount = 3
const featuresMax = 1800
const calmMsMax = 3000
const batchesPerSecond = 2

export interface CampaignOptions {
  readonly seed: number
  readonly minutes: number
  readonly brokers: 1 | 3
  /** The first faults; the others are drawn. */
  readonly first?: readonly Fault[]
  readonly keep?: boolean
  readonly log: (line: string) => void
}

export interface CampaignResult extends Comparison {
  readonly seed: number
  readonly faults: ReadonlyMap<Fault, number>
  readonly batches: number
  readonly acknowledged: number
  readonly events: number
  readonly retries: number
  readonly repeats: number
  readonly unplannedEnds: number
  readonly seconds: number
  readonly correct: boolean
}

/** @throws Error when a server cannot be had, a sender is refused, or things do not come to an end */
export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  const { seed, minutes, brokers, log, first = [] } = options
  const dir = await mkdtemp(path.join(os.tmpdir(), 'headcount-campaign-'))
  const catalogue = path.join(dir, 'catalogue.yaml')
  const batchesMax = Math.min(featuresMax, Math.max(40, Math.ceil(minutes * 60 * batchesPerSecond)))
  await writeFile(catalogue, catalogueText(batchesMax))
  const startedAt = Date.now()
  const fleet = await Fleet.start({ dir, brokers, partitions: 4, collectors: 2, workers: 2, catalogue })
  const senders = new Senders({ seed, writeKey: fleetSecrets.writeKey, time: systemClock, batchesMax })
  try {
    senders.turnTo(...fleet.of('collector').map(({ url }) => url))
    senders.start(sendersCount)
    const faults = new Map<Fault, number>()
    const random = new Random(seed)
    const endsAt = Date.now() + minutes * 60_000
    for (let number = 0; Date.now() < endsAt || number < first.length; number++) {
      senders.allow(Math.ceil(batchesMax * Math.min(1, 1 - (endsAt - Date.now()) / (minutes * 60_000)) + 5))
      const fault = first[number] ?? drawFault(random)
      await inflict(fault, fleet, random)
      faults.set(fault, (faults.get(fault) ?? 0) + 1)
      log(`${Math.round((Date.now() - startedAt) / 1000)} s · ${fault} · ${said(senders)}`)
      await sleep(random.integer(0, calmMsMax))
    }
    senders.allow(batchesMax)
    const counted = await settle(fleet, senders, startedAt)
    log(`everything is counted · ${said(senders)}`)
    const unplannedEnds = fleet.processes.reduce((sum, one) => sum + one.unplannedEnds, 0)
    const errors = counted.lost + counted.doubled + counted.wrongCells + counted.strangeCells
    return {
      ...counted,
      ...{ seed, faults, unplannedEnds },
      batches: senders.batches.length,
      acknowledged: senders.acknowledged.length,
      events: senders.events,
      retries: senders.retries,
      repeats: senders.repeats,
      seconds: (Date.now() - startedAt) / 1000,
      correct: errors === 0,
    }
  } catch (error) {
    for (const { name, output } of fleet.processes) log(`--- ${name}\n${output.slice(-3000)}`)
    throw error
  } finally {
    senders.abandon()
    await fleet.stop()
    if (options.keep) log(`kept: ${dir}`)
    else await rm(dir, { recursive: true, force: true, maxRetries: 10 })
  }
}

function said({ batches, acknowledged, events, retries }: Senders): string {
  return `${acknowledged.length} of ${batches.length} batches acknowledged, ${events} events, ${retries} retries`
}
