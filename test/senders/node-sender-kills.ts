/**
 * The kill campaign of our own sender: a host is killed over and over, at any moment, its sender before a collector that
 * refuses, drops connections and drops answers. What was handed over must be counted once; what was not, once at most.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { Random } from '../../services/command-line/demo-random.ts'
import { credentialsOf } from '../fixtures/headcount-process.ts'
import { DurableState, hasCompiler } from '../power-cut/durable-state.ts'
import { accountOf, type KillsAccount } from './node-sender-account.ts'
import type { KillsGround } from './node-sender-ground.ts'
import type { Told } from './node-sender-groups.ts'
import { type UnreliableProxy, unreliableProxy } from './unreliable-proxy.ts'

/** `early-word` and `new-ids` are mistakes of a sender, `no-sync` one of a disk. */
export const killMutations = ['early-word', 'new-ids', 'no-sync'] as const
export type KillMutation = (typeof killMutations)[number]

const groupsPerLifeMax = 8
const usualLifeMsMax = 350
const earlyShare = 0.1
const startMsMax = 60_000

export interface KillsOptions {
  readonly ground: KillsGround
  readonly kills: number
  /** Of its ground; each campaign has its own. Unless given, from the first on. */
  readonly firstGroup?: number
  /** In all; fewer than kills times eight make lives with fewer. */
  readonly groups?: number
  readonly seed: number
  readonly mutation?: KillMutation | undefined
  /** How long a host lives at most once it is up; its groups take some 120 ms. */
  readonly lifeMsMax?: number
  /** Every answer is dropped twice, whatever was sent. */
  readonly dropsAnswers?: boolean
  readonly log: (line: string) => void
}

export interface KillsResult extends KillsAccount {
  readonly kills: number
  readonly groups: number
  /** What senders said is wrong: nothing is, but for the kills. */
  readonly warnings: readonly string[]
  readonly requests: number
  /** Requests that the collector had taken when the connection was dropped. */
  readonly droppedAfter: number
  readonly powerCuts: boolean
  /** Files of the spool of which something unsynced was lost with the power. */
  readonly rolledBack: number
  readonly seconds: number
}

export async function runKills(options: KillsOptions): Promise<KillsResult> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'headcount-sender-kills-'))
  const campaign = new Campaign(dir, options)
  try {
    return await campaign.run()
  } finally {
    await campaign.end()
    await rm(dir, { recursive: true, force: true, maxRetries: 10 })
  }
}

class Campaign {
  readonly #dir: string
  readonly #options: KillsOptions
  readonly #groupsPerLife: number
  readonly #random: Random
  readonly #handed = new Set<number>()
  readonly #warned = new Set<string>()
  readonly #spool: string
  #proxy: UnreliableProxy | undefined
  #durable: DurableState | undefined
  #host: ChildProcess | undefined
  #rolledBack = 0

  constructor(dir: string, options: KillsOptions) {
    this.#dir = dir
    this.#options = options
    const { kills, groups = kills * groupsPerLifeMax } = options
    this.#groupsPerLife = Math.max(1, Math.min(groupsPerLifeMax, Math.floor(groups / kills)))
    this.#random = new Random(options.seed)
    this.#spool = path.join(dir, 'spool')
  }

  async run(): Promise<KillsResult> {
    const { ground, kills, seed, log, firstGroup = 0 } = this.#options
    const startedAt = performance.now()
    const groups = kills * this.#groupsPerLife
    await this.#prepare()
    for (let kill = 0; kill < kills; kill++) {
      await this.#liveAndDie(firstGroup + kill * this.#groupsPerLife)
      if ((kill + 1) % 20 === 0) log(`${kill + 1} kills · ${this.#handed.size} groups handed over`)
    }
    await this.#settle()
    const account = await accountOf(ground, { firstGroup, groups, seed, handed: this.#handed })
    const proxy = this.#proxy!
    return {
      ...account,
      warnings: [...this.#warned],
      kills,
      groups,
      requests: proxy.seen.length,
      droppedAfter: proxy.count('dropped-after'),
      powerCuts: this.#durable !== undefined,
      rolledBack: this.#rolledBack,
      seconds: Math.round((performance.now() - startedAt) / 1000),
    }
  }

  async end(): Promise<void> {
    this.#host?.kill('SIGKILL')
    await this.#proxy?.close()
  }

  async #prepare(): Promise<void> {
    const { ground, seed, dropsAnswers } = this.#options
    const kinds = ['unavailable', 'dropped-before', 'dropped-after', 'dropped-after'] as const
    const faults = dropsAnswers ? { kinds: ['dropped-after'] as const, share: 1 } : { kinds, share: 0.4 }
    const plan = { seed, retryAfterSeconds: 0, ...faults }
    this.#proxy = await unreliableProxy(ground.installation.collectorUrl, plan)
    await mkdir(this.#spool, { mode: 0o700 })
    if (hasCompiler()) this.#durable = await DurableState.watch(this.#spool, this.#dir)
  }

  async #liveAndDie(from: number): Promise<void> {
    const host = await this.#start(['--from', String(from), '--groups', String(this.#groupsPerLife)])
    const { lifeMsMax = usualLifeMsMax } = this.#options
    const isEarly = this.#random.chance(earlyShare)
    const lifeMs = this.#random.integer(0, lifeMsMax)
    const ended = once(host, 'close')
    if (!isEarly) await Promise.race([this.#heard(host, (told) => 'up' in told), ended])
    await Promise.race([sleep(lifeMs), ended])
    if (host.exitCode !== null) throw new Error(`a host ended by itself with ${host.exitCode}`)
    host.kill('SIGKILL')
    await ended
    // What was not synced is gone with the power; without a compiler it is a kill only.
    if (this.#durable) this.#rolledBack += (await this.#durable.cut()).files
  }

  async #settle(): Promise<void> {
    const host = await this.#start(['--last'])
    let isSettled = false
    const ended = once(host, 'close')
    void this.#heard(host, (told) => 'settled' in told && told.settled).then(() => {
      isSettled = true
    })
    await ended
    if (!isSettled) throw new Error('the last host could not send all that was left')
  }

  async #start(args: string[]): Promise<ChildProcess> {
    const { ground, seed, mutation } = this.#options
    const { writeKey } = await credentialsOf(ground.dataDir)
    const known = ['--url', this.#proxy!.url, '--key', writeKey, '--spool', this.#spool, '--seed', String(seed)]
    const mutated = mutation && mutation !== 'no-sync' ? ['--mutation', mutation] : []
    const { PATH = '', HOME = '' } = process.env
    const durable = this.#durable?.environment(mutation === 'no-sync' ? '.ndjson' : '')
    const host = spawn(process.execPath, [ground.hostFile, ...known, ...mutated, ...args], {
      env: { PATH, HOME, ...durable },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#host = host
    const lines = createInterface({ input: host.stdout! })
    lines.on('line', (line) => {
      const told = toldOf(line)
      if (told && 'handed' in told) this.#handed.add(told.handed)
      if (told && 'warned' in told) this.#warned.add(told.warned)
    })
    return host
  }

  async #heard(host: ChildProcess, isIt: (told: Told) => boolean): Promise<void> {
    const lines = createInterface({ input: host.stdout! })
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error('a host does not start')), startMsMax)
      late.unref()
      lines.on('line', (line) => {
        const told = toldOf(line)
        if (told && isIt(told)) {
          clearTimeout(late)
          resolve()
        }
      })
    })
  }
}

/** The last line of a killed process may be torn: it has not said that. */
function toldOf(line: string): Told | undefined {
  try {
    return JSON.parse(line) as Told
  } catch {
    return undefined
  }
}
