/**
 * The kill campaign: rounds of days that are sealed and published by a process that is killed over and over, each time
 * started again on the same stores, until every day of the round is published and everything is looked at once more.
 */
import { cp, mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { type RedisServer, startRedis } from '../../../infra/services/redis.ts'
import { Random } from '../../../services/command-line/demo-random.ts'
import { releasedDatasets } from '../../../shared/catalogue.ts'
import type { SealMutation } from './loose-ledger.ts'
import { ReleaseChecks } from './release-checks.ts'
import type { HostSettings } from './seal-host.ts'
import { liveAndDie } from './seal-life.ts'
import { type SealPhase, sealPhases } from './seal-phases.ts'
import { attackCatalogue, begunAt, type DayPlan, planDays, writeLog } from './sealed-world.ts'
import type { ToldAudit } from './told.ts'

export const killEngines = ['lmdb', 'redis'] as const
export type KillEngine = (typeof killEngines)[number]

export interface KillOptions {
  readonly kills: number
  readonly seed: number
  readonly engine: KillEngine
  /** Of a round. */
  readonly days?: number
  /** Of a day. */
  readonly devices?: number
  readonly mutation?: SealMutation | undefined
  /** For the first kills: at that very moment. The others are drawn. */
  readonly aims?: readonly SealPhase[]
  readonly log: (line: string) => void
}

export interface KillResult {
  readonly kills: number
  readonly lives: number
  readonly rounds: number
  /** Days published, each of two datasets. */
  readonly days: number
  readonly audits: number
  readonly killsByPhase: Readonly<Record<string, number>>
  readonly mistakes: readonly string[]
  readonly mistakesCount: number
  readonly seconds: number
}

/** A life that is not aimed at anything, ms. The engines open after about a second. */
const lifeMs = { min: 500, max: 5000 }
const delayMsMax = 12
const drawsMax = 200

export async function runKills(options: KillOptions): Promise<KillResult> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'headcount-kills-'))
  try {
    return await new KillCampaign(dir, options).run()
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

class KillCampaign {
  readonly #dir: string
  readonly #options: KillOptions
  readonly #plan: DayPlan
  readonly #random: Random
  readonly #killsByPhase: Record<string, number> = {}
  readonly #mistakes: string[] = []
  readonly #startedAt = performance.now()
  #lastPhase = ''
  #mistakesCount = 0
  #kills = 0
  #lives = 0
  #days = 0
  #audits = 0

  constructor(dir: string, options: KillOptions) {
    this.#dir = dir
    this.#options = options
    this.#plan = planDays(options.days ?? 12)
    this.#random = new Random(options.seed)
  }

  async run(): Promise<KillResult> {
    const { kills, seed, devices = 250 } = this.#options
    await writeLog(path.join(this.#dir, 'log'), this.#plan, devices, seed)
    let rounds = 0
    for (; this.#kills < kills && this.#mistakesCount === 0; rounds++) await this.#round(rounds)
    return {
      ...{ kills: this.#kills, lives: this.#lives, rounds, days: this.#days, audits: this.#audits },
      ...{ killsByPhase: this.#killsByPhase, mistakes: this.#mistakes, mistakesCount: this.#mistakesCount },
      seconds: (performance.now() - this.#startedAt) / 1000,
    }
  }

  async #round(number: number): Promise<void> {
    const dir = path.join(this.#dir, `round-${number}`)
    await cp(path.join(this.#dir, 'log'), path.join(dir, 'log'), { recursive: true })
    const redis = this.#options.engine === 'redis' ? await startRedis({ dir: path.join(dir, 'redis') }) : undefined
    try {
      await this.#killUntilPublished(dir, redis)
    } finally {
      await redis?.stop()
      await rm(dir, { recursive: true, force: true })
    }
  }

  async #killUntilPublished(dir: string, redis: RedisServer | undefined): Promise<void> {
    const { kills, mutation } = this.#options
    const { days, after } = this.#plan
    const checks = new ReleaseChecks()
    const settings: HostSettings = { dir, redisUrl: redis?.url ?? '', days, now: after, mutation }
    const hear = checks.hear.bind(checks)
    await liveAndDie({ ...settings, now: begunAt, beginOnly: true }, undefined, hear)
    for (let done = false; !done && this.#kills < kills && checks.mistakesCount === 0; )
      done = await this.#life(settings, checks)
    let last: ToldAudit | undefined
    if (checks.mistakesCount === 0) {
      await liveAndDie(settings, undefined, (told) => {
        if ('audit' in told) last = told.audit
        hear(told)
      })
      checks.end(
        last,
        days,
        releasedDatasets(attackCatalogue).map(({ id }) => id),
      )
      this.#days += days.length
    }
    this.#audits += checks.audits
    this.#mistakes.push(...checks.mistakes)
    this.#mistakesCount += checks.mistakesCount
  }

  /** @returns whether it came to the end before it was killed */
  async #life(settings: HostSettings, checks: ReleaseChecks): Promise<boolean> {
    const { kills, aims = [], log } = this.#options
    const aimed = aims[this.#kills]
    const aim = aimed ? { phase: aimed, times: 1, delayMs: 0 } : this.#drawAim()
    const killAfterMs = aim ? undefined : this.#random.integer(lifeMs.min, lifeMs.max)
    const { killed, done, phase } = await liveAndDie({ ...settings, aim }, killAfterMs, checks.hear.bind(checks))
    this.#lives++
    if (killed) {
      this.#kills++
      this.#lastPhase = phase
      this.#killsByPhase[phase] = (this.#killsByPhase[phase] ?? 0) + 1
      if (this.#kills % 20 === 0 || this.#kills === kills) log(this.#progress())
    }
    return done
  }

  #drawAim(): HostSettings['aim'] {
    if (this.#random.chance(0.25)) return undefined
    const phase = this.#drawPhase()
    const delayMs = this.#random.chance(0.4) ? 0 : this.#random.integer(0, delayMsMax)
    const times = phase === 'drawing' ? this.#random.integer(1, drawsMax) : this.#random.integer(1, 2)
    return { phase, times, delayMs }
  }

  /** Mostly one that was hit least often so far. */
  #drawPhase(): SealPhase {
    // There is something to be removed only after a death between a draw and its entry.
    if (/^(saved|sealing)/.test(this.#lastPhase) && this.#random.chance(0.5)) return 'removing'
    if (this.#random.chance(0.4)) return this.#random.pick(sealPhases)
    const hits = sealPhases.map((phase) => this.#killsByPhase[phase] ?? 0)
    const fewest = Math.min(...hits)
    const rare = sealPhases.filter((phase, index) => hits[index] === fewest && phase !== 'removing')
    return this.#random.pick(rare.length > 0 ? rare : sealPhases)
  }

  #progress(): string {
    const seconds = Math.round((performance.now() - this.#startedAt) / 1000)
    const { engine, kills } = this.#options
    return `${engine}: ${this.#kills} of ${kills} kills · ${this.#days} days published · ${this.#lives} lives · ${this.#mistakesCount} mistakes · ${seconds} s`
  }
}
