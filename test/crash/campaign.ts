/**
 * The crash campaign: senders that retry, the whole process killed over and over and started again on the same data
 * folder, until every event that was acknowledged must be counted once.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { Random } from '../../services/command-line/demo-random.ts'
import { catalogueText, reachesOverMonthEnd } from './batches.ts'
import type { CrashResult, KillsByPhase } from './crash-result.ts'
import { finalCount } from './final-count.ts'
import { type HostEnd, HostProcess } from './host-process.ts'
import { drawKill, type KillPlan, killAt } from './kill-plan.ts'
import type { Mutation } from './mutation.ts'
import type { Phase } from './phases.ts'
import { Senders } from './senders.ts'
import { SimulatedTime } from './simulated-time.ts'
import { isClosing, startTime, timeBefore, timeFactor } from './timeline.ts'

const sendersCount = 3
/** A catalogue has at most 2000. */
const featuresMax = 1800
const batchesPerKill = 8
const unplannedEndsMax = 3
const writeKey = 'crash-campaign-write-key'
const analystToken = 'crash-campaign-analyst-token'

export interface CampaignOptions {
  kills: number
  seed: number
  mutation?: Mutation | undefined
  /** Phases for the first kills; the others are drawn. */
  aims?: readonly Phase[]
  /** Keeps the data folder, and says where it is. */
  keep?: boolean
  log: (line: string) => void
}

/** @throws Error when hosts end by themselves again and again, a sender is refused, or things do not come to an end */
export async function runCampaign(options: CampaignOptions): Promise<CrashResult> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'headcount-crash-'))
  const campaign = new Campaign(dir, options)
  try {
    return await campaign.run()
  } finally {
    await campaign.end()
    if (options.keep) options.log(`kept: ${dir}`)
    else await rm(dir, { recursive: true, force: true, maxRetries: 10 })
  }
}

class Campaign {
  readonly #dataDir: string
  readonly #catalogue: string
  readonly #options: CampaignOptions
  readonly #batchesMax: number
  readonly #random: Random
  readonly #time = new SimulatedTime(startTime, timeFactor)
  readonly #senders: Senders
  readonly #killsByPhase: KillsByPhase = {}
  readonly #startedAt = performance.now()
  #host: HostProcess | undefined
  #starts = 0
  #unplannedEnds = 0

  constructor(dir: string, options: CampaignOptions) {
    const { kills, seed } = options
    this.#dataDir = path.join(dir, 'data')
    this.#catalogue = path.join(dir, 'catalogue.yaml')
    this.#options = options
    this.#batchesMax = Math.min(featuresMax, kills * batchesPerKill)
    this.#random = new Random(seed)
    this.#senders = new Senders({ seed, writeKey, time: this.#time, batchesMax: this.#batchesMax })
  }

  async run(): Promise<CrashResult> {
    const { kills, log } = this.#options
    await writeFile(this.#catalogue, catalogueText(this.#batchesMax))
    this.#senders.start(sendersCount)
    for (let kill = 0; kill < kills; kill++) {
      this.#senders.allow(Math.ceil((this.#batchesMax * (kill + 1)) / kills))
      // Only now, while no host runs, may time be put forward.
      this.#time.forwardTo(timeBefore(kill, kills, this.#senders.oldestOnItsWay()))
      this.#tally(await this.#liveAndDie(this.#planOf(kill)))
      if ((kill + 1) % 10 === 0 || kill + 1 === kills) log(this.#progress(kill + 1))
    }
    return await this.#result()
  }

  /** Leaves no process behind, also after an error. */
  async end(): Promise<void> {
    this.#senders.abandon()
    this.#host?.kill()
    await this.#host?.ended
  }

  #planOf(kill: number): KillPlan {
    const { aims, kills } = this.#options
    const aim = aims?.[kill]
    return aim ? killAt(aim) : drawKill(this.#random, isClosing(kill, kills))
  }

  async #liveAndDie(plan: KillPlan): Promise<HostEnd> {
    const host = this.#startHost(plan)
    const early = plan.afterStartMs === undefined ? undefined : setTimeout(() => host.kill(), plan.afterStartMs)
    const urls = await host.listening
    this.#senders.turnTo(urls?.collectorUrl)
    const late = early ?? setTimeout(() => host.kill(), plan.afterListeningMs)
    const end = await host.ended
    clearTimeout(late)
    this.#senders.turnTo(undefined)
    return end
  }

  #startHost(plan?: KillPlan): HostProcess {
    this.#starts++
    this.#host = new HostProcess({
      settings: {
        HEADCOUNT_DATA_DIR: this.#dataDir,
        HEADCOUNT_CATALOGUE: this.#catalogue,
        HEADCOUNT_COLLECTOR_PORT: '0',
        HEADCOUNT_REPORTING_PORT: '0',
        HEADCOUNT_WRITE_KEY: writeKey,
        HEADCOUNT_ANALYST_TOKEN: analystToken,
        HEADCOUNT_PARTITIONS: '3',
        HEADCOUNT_LINGER_MS: '20',
        HEADCOUNT_K: '1',
        HEADCOUNT_LOG_LEVEL: 'warn',
      },
      time: this.#time,
      mutation: this.#options.mutation,
      aim: plan?.aim,
    })
    return this.#host
  }

  #tally(end: HostEnd): void {
    if (!end.killed) {
      this.#options.log(`a host ended by itself:\n${end.errors}`)
      if (++this.#unplannedEnds >= unplannedEndsMax)
        throw new Error('hosts end by themselves; their last words are above')
    }
    for (const phase of new Set(end.phases.length === 0 ? (['idle'] as const) : end.phases))
      this.#killsByPhase[phase] = (this.#killsByPhase[phase] ?? 0) + 1
  }

  async #result(): Promise<CrashResult> {
    const { seed, kills, log } = this.#options
    const count = await finalCount({
      host: this.#startHost(),
      senders: this.#senders,
      dataDir: this.#dataDir,
      analystToken,
      time: this.#time,
      log,
    })
    const { batches, acknowledged, retries, repeats } = this.#senders
    const errors = count.lost + count.doubled + count.wrongCells + count.strangeCells + this.#unplannedEnds
    return {
      ...count,
      correct: errors === 0,
      ...{ seed, kills, retries, repeats },
      restarts: this.#starts - 1,
      killsByPhase: this.#killsByPhase,
      unplannedEnds: this.#unplannedEnds,
      batches: batches.length,
      acknowledged: acknowledged.length,
      events: this.#senders.events,
      overMonthEnd: acknowledged.filter(reachesOverMonthEnd).length,
      simulated: { from: new Date(startTime).toISOString(), to: new Date(this.#time.now()).toISOString() },
      durationMs: performance.now() - this.#startedAt,
    }
  }

  #progress(kills: number): string {
    const { batches, acknowledged, events, retries } = this.#senders
    const time = new Date(this.#time.now()).toISOString().slice(0, 16)
    return `${kills} kills · ${acknowledged.length} of ${batches.length} batches acknowledged, ${events} events · ${retries} retries · ${time}`
  }
}
