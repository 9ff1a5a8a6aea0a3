/**
 * The kill campaign of our own sender: a host is killed over and over, at any moment, its sender before a collector that
 * refuses, drops connections and drops answers. What was handed over must be counted once; what was not, once at most.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { Random } from '../../services/command-line/demo-random.ts'
import { catalogueText } from '../crash/batches.ts'
import { credentialsOf, type RunningHeadcount, startProcess } from '../fixtures/headcount-process.ts'
import { DurableState, hasCompiler } from '../power-cut/durable-state.ts'
import { accountOf, type KillsAccount } from './node-sender-account.ts'
import type { Told } from './node-sender-groups.ts'
import { type UnreliableProxy, unreliableProxy } from './unreliable-proxy.ts'

/** `early-word` and `new-ids` are mistakes of a sender, `no-sync` one of a disk. */
export const killMutations = ['early-word', 'new-ids', 'no-sync'] as const
export type KillMutation = (typeof killMutations)[number]

const featuresMax = 1_800
const groupsPerLifeMax = 8
const lifeMsMax = 350
const earlyShare = 0.1
const startMsMax = 60_000

export interface KillsOptions {
  readonly kills: number
  readonly seed: number
  readonly mutation?: KillMutation | undefined
  readonly log: (line: string) => void
}

export interface KillsResult extends KillsAccount {
  readonly kills: number
  readonly groups: number
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
  readonly #spool: string
  #installation: RunningHeadcount | undefined
  #proxy: UnreliableProxy | undefined
  #durable: DurableState | undefined
  #host: ChildProcess | undefined
  #rolledBack = 0

  constructor(dir: string, options: KillsOptions) {
    this.#dir = dir
    this.#options = options
    this.#groupsPerLife = Math.max(1, Math.min(groupsPerLifeMax, Math.floor(featuresMax / options.kills)))
    this.#random = new Random(options.seed)
    this.#spool = path.join(dir, 'spool')
  }

  async run(): Promise<KillsResult> {
    const { kills, seed, log } = this.#options
    const startedAt = performance.now()
    const groups = kills * this.#groupsPerLife
    const dataDir = path.join(this.#dir, 'data')
    await this.#prepare(dataDir, groups, seed)
    for (let kill = 0; kill < kills; kill++) {
      await this.#liveAndDie(kill * this.#groupsPerLife)
      if ((kill + 1) % 20 === 0) log(`${kill + 1} kills · ${this.#handed.size} groups handed over`)
    }
    await this.#settle()
    const account = await accountOf(this.#installation!, dataDir, { groups, seed, handed: this.#handed })
    const proxy = this.#proxy!
    return {
      ...account,
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
    await this.#installation?.kill()
  }

  async #prepare(dataDir: string, groups: number, seed: number): Promise<void> {
    const catalogue = path.join(this.#dir, 'catalogue.yaml')
    await writeFile(catalogue, catalogueText(groups))
    this.#installation = await startProcess(dataDir, { HEADCOUNT_K: '1', HEADCOUNT_CATALOGUE: catalogue })
    const kinds = ['unavailable', 'dropped-before', 'dropped-after', 'dropped-after'] as const
    this.#proxy = await unreliableProxy(this.#installation.collectorUrl, {
      ...{ seed, kinds, share: 0.4, retryAfterSeconds: 0 },
    })
    await mkdir(this.#spool, { mode: 0o700 })
    if (hasCompiler()) this.#durable = await DurableState.watch(this.#spool, this.#dir)
    await build({
      entryPoints: [fileURLToPath(new URL('node-sender-host.ts', import.meta.url))],
      outfile: path.join(this.#dir, 'host.mjs'),
      ...{ bundle: true, platform: 'node', format: 'esm', target: 'node20', logLevel: 'error' },
    })
  }

  async #liveAndDie(from: number): Promise<void> {
    const host = await this.#start(['--from', String(from), '--groups', String(this.#groupsPerLife)])
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
    const { seed, mutation } = this.#options
    const { writeKey } = await credentialsOf(path.join(this.#dir, 'data'))
    const known = ['--url', this.#proxy!.url, '--key', writeKey, '--spool', this.#spool, '--seed', String(seed)]
    const mutated = mutation && mutation !== 'no-sync' ? ['--mutation', mutation] : []
    const { PATH = '', HOME = '' } = process.env
    const durable = this.#durable?.environment(mutation === 'no-sync' ? '.ndjson' : '')
    const host = spawn(process.execPath, [path.join(this.#dir, 'host.mjs'), ...known, ...mutated, ...args], {
      env: { PATH, HOME, ...durable },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#host = host
    const lines = createInterface({ input: host.stdout! })
    lines.on('line', (line) => {
      const told = toldOf(line)
      if (told && 'handed' in told) this.#handed.add(told.handed)
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
