/**
 * The campaign of deletions: rounds of a day in which devices send and some choose, with workers and a seal that are killed
 * over and over, until the day is released; then each device's events must be where they may be, and nowhere else.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { Random } from '../../../services/command-line/demo-random.ts'
import { lifeOf } from '../seal/seal-life.ts'
import type { HostSettings, Trigger } from './deletion-host.ts'
import { closingTime, startTime } from './deletion-world.ts'
import { RoundHistory } from './history.ts'
import { choiceMoments } from './moments.ts'
import type { Final, Told } from './told.ts'
import { drawTriggers } from './triggers.ts'
import { type Verdict, verdictOf } from './verdict.ts'

export interface CampaignOptions {
  readonly kills: number
  readonly seed: number
  /** Most kills of a round: half of them while devices send, the others while the day closes. */
  readonly killsPerRound?: number
  /** One round, and instead of drawn ones, life by life: what is done at which moment. */
  readonly planned?: Readonly<Record<'sending' | 'closing', readonly (readonly Trigger[])[]>> & {
    readonly end?: readonly Trigger[]
  }
  /** The control: nobody looks again before storing and drawing. */
  readonly isBlind?: boolean
  readonly log: (line: string) => void
}

export interface CampaignResult {
  readonly kills: number
  readonly lives: number
  readonly rounds: number
  readonly killsByMoment: Readonly<Record<string, number>>
  readonly choicesByMoment: Readonly<Record<string, number>>
  readonly verdicts: readonly Verdict[]
  readonly mistakes: readonly string[]
  readonly seconds: number
}

const host = fileURLToPath(new URL('./deletion-host.ts', import.meta.url))
const killsPerRoundDefault = 10
/** A life that is not aimed at anything, ms. The engines open after about a second. */
const lifeMs = { min: 700, max: 4000 }
/** Between two lives, by the clock that they are given. */
const betweenMs = 5000

export async function runDeletions(options: CampaignOptions): Promise<CampaignResult> {
  return await new Campaign(options).run()
}

class Campaign {
  readonly #options: CampaignOptions
  readonly #random: Random
  readonly #startedAt = performance.now()
  readonly #killsByMoment: Record<string, number> = {}
  readonly #choicesByMoment: Record<string, number> = {}
  readonly #verdicts: Verdict[] = []
  readonly #mistakes: string[] = []
  #kills = 0
  #lives = 0

  constructor(options: CampaignOptions) {
    this.#options = options
    this.#random = new Random(options.seed)
  }

  async run(): Promise<CampaignResult> {
    const { kills, planned, log } = this.#options
    do {
      const dir = await mkdtemp(path.join(os.tmpdir(), 'headcount-deletions-'))
      await this.#round(dir).finally(() => rm(dir, { recursive: true, force: true, maxRetries: 10 }))
      log(this.#progress())
    } while (!planned && this.#kills < kills && this.#mistakes.length === 0)
    return {
      ...{ kills: this.#kills, lives: this.#lives, rounds: this.#verdicts.length },
      ...{ killsByMoment: this.#killsByMoment, choicesByMoment: this.#choicesByMoment },
      ...{ verdicts: this.#verdicts, mistakes: this.#mistakes },
      seconds: (performance.now() - this.#startedAt) / 1000,
    }
  }

  async #round(dir: string): Promise<void> {
    const { kills, killsPerRound = killsPerRoundDefault, planned } = this.#options
    const history = new RoundHistory()
    const ofRound = Math.min(killsPerRound, kills - this.#kills)
    const lives = {
      sending: planned?.sending ?? this.#drawn('sending', Math.ceil(ofRound / 2)),
      closing: planned?.closing ?? this.#drawn('closing', Math.floor(ofRound / 2)),
    }
    let now = startTime
    for (const stage of ['sending', 'closing'] as const) {
      if (stage === 'closing') now = closingTime
      for (const triggers of lives[stage]) {
        await this.#life({ dir, stage, triggers, now }, history)
        now += betweenMs
      }
    }
    const final = await this.#life({ dir, stage: 'end', triggers: planned?.end ?? [], now }, history)
    if (!final) return this.#mistake('the last process of a round did not come to its end')
    const verdict = verdictOf(final, history)
    this.#verdicts.push(verdict)
    for (const mistake of verdict.mistakes) this.#mistake(mistake)
  }

  #drawn(stage: 'sending' | 'closing', lives: number): Trigger[][] {
    return Array.from({ length: lives }, () => drawTriggers(stage, this.#random))
  }

  /** Lives a process, until it dies or ends. Returns what it found when it was the last one. */
  async #life(life: Omit<HostSettings, 'seed' | 'isBlind'>, history: RoundHistory): Promise<Final | undefined> {
    const { isBlind, planned } = this.#options
    const settings: HostSettings = { ...life, seed: this.#random.integer(0, 1e9), isBlind }
    // The first process of a round is left to begin the ledger: a day before that has no release.
    const isFirst = life.stage === 'sending' && life.now === startTime
    const isAimed = planned !== undefined || life.stage === 'end' || life.triggers.some(({ act }) => act === 'die')
    const killAfterMs = isFirst || isAimed ? undefined : this.#random.integer(lifeMs.min, lifeMs.max)
    let final: Final | undefined
    let moment = 'starting'
    // Where the worker and its seal are; a choice has moments of its own.
    let place = moment
    const { killed } = await lifeOf<Told>(host, settings, killAfterMs, (told) => {
      history.hear(told)
      if ('phase' in told) {
        moment = told.phase
        if (!choiceMoments.some((one) => one === moment)) place = moment
      }
      if ('chosen' in told) this.#choicesByMoment[place] = (this.#choicesByMoment[place] ?? 0) + 1
      if ('error' in told) this.#mistake(told.error)
      if ('final' in told) final = told.final
    })
    this.#lives++
    if (killed) {
      this.#kills++
      this.#killsByMoment[moment] = (this.#killsByMoment[moment] ?? 0) + 1
    }
    return final
  }

  #mistake(text: string): void {
    this.#mistakes.push(`round ${this.#verdicts.length}: ${text}`)
  }

  #progress(): string {
    const seconds = Math.round((performance.now() - this.#startedAt) / 1000)
    const choices = this.#verdicts.reduce((all, one) => all + one.choices, 0)
    return `${this.#kills} of ${this.#options.kills} kills · ${this.#lives} lives · ${choices} choices · ${this.#mistakes.length} mistakes · ${seconds} s`
  }
}
