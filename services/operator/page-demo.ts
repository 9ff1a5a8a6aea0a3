/**
 * The demo that the dashboard starts: the simulated world of `headcount demo`, through the real door of the installation that
 * it is in, for a bounded time. Its events are counted like any others and cannot be told from them afterwards, so
 * it runs only where there is nothing yet that they would be mixed with, and that it ran is kept for good.
 */
import { randomBytes } from 'node:crypto'
import type { Catalogue } from '../../shared/catalogue.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Credentials } from '../../shared/credentials.ts'
import { ProblemError, problem } from '../../shared/http/problem.ts'
import type { KeyValue } from '../../shared/keyvalue/port.ts'
import type { Ledger } from '../../shared/ledger/port.ts'
import type { Logger } from '../../shared/logger.ts'
import { rfc3339 } from '../../shared/rfc3339.ts'
import type { WarehouseReader } from '../../shared/warehouse/port.ts'
import { cellsTable, markDataset, probeDataset } from '../../shared/warehouse/schema.ts'
import { Random } from '../command-line/demo-random.ts'
import { DemoRun } from '../command-line/demo-run.ts'
import { choosePanel } from '../command-line/demo-usage.ts'
import { makeWorld } from '../command-line/demo-world.ts'
import { listPartners } from '../partners/partner-registry.ts'
import type { Demo } from '../reporting/dashboard/demo-port.ts'
import type { DemoStatus } from '../reporting/dashboard/page-answers.ts'

const ranKey = 'demo/ran'
const seconds = 10
const eventsPerSecond = 300
const seed = 1

export interface PageDemoDeps {
  readonly catalogue: Catalogue
  readonly credentials: Credentials
  readonly keyValue: KeyValue
  readonly ledger: Ledger
  readonly reader: WarehouseReader
  readonly clock: Clock
  readonly logger: Logger
  readonly k: number
  /** Known once the servers listen. */
  readonly urls: () => { readonly collectorUrl: string; readonly reportingUrl: string }
}

export class PageDemo implements Demo {
  readonly #deps: PageDemoDeps
  readonly #stop = new AbortController()
  #isStarting = false
  #run: DemoRun | undefined
  #begun: string | undefined
  #running: Promise<void> | undefined
  #ended: { readonly state: 'done' | 'failed'; readonly verdict: string } | undefined

  constructor(deps: PageDemoDeps) {
    this.#deps = deps
  }

  async status(): Promise<DemoStatus> {
    const ran = await this.#deps.keyValue.get(ranKey)
    const begun = this.#begun ?? ran?.toString()
    const { sent = 0, accepted = 0 } = this.#run?.sender.tally ?? {}
    return {
      state: this.#ended?.state ?? (this.#running ? 'running' : begun === undefined ? 'none' : 'done'),
      ...(begun !== undefined && { begun }),
      elapsedSeconds: Math.floor((this.#run?.elapsedMs ?? 0) / 1000),
      totalSeconds: seconds,
      ...{ sent, accepted },
      ...(this.#ended && { verdict: this.#ended.verdict }),
    }
  }

  async start(): Promise<DemoStatus> {
    if (this.#isStarting || (this.#running && !this.#ended)) throw refused('It runs already.')
    this.#isStarting = true
    try {
      await this.#mustBeEmpty()
      const begun = rfc3339(this.#deps.clock.now())
      await this.#deps.keyValue.put(ranKey, Buffer.from(begun))
      this.#begun = begun
      this.#running = this.#simulate()
    } finally {
      this.#isStarting = false
    }
    return this.status()
  }

  /** Ends what runs; what was sent stays. */
  async close(): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  async #mustBeEmpty(): Promise<void> {
    const { keyValue, ledger, reader } = this.#deps
    const stays = 'Simulated events cannot be told from real ones afterwards. Start it on an empty data folder.'
    if ((await keyValue.get(ranKey)) !== undefined) throw refused(`It has run here before. ${stays}`)
    if ((await listPartners(ledger)).length > 0)
      throw refused(`There are partners, who would be given its counts. ${stays}`)
    const [row] = await reader.select<{ n: string }>(
      `SELECT count() AS n FROM ${cellsTable} WHERE dataset NOT IN ('${markDataset}', '${probeDataset}')`,
    )
    if (Number(row?.n ?? 0) > 0) throw refused(`Events have been counted here already. ${stays}`)
  }

  async #simulate(): Promise<void> {
    const { catalogue, credentials, logger, k, urls } = this.#deps
    try {
      const panel = choosePanel(catalogue)
      if (!panel) throw new Error('this catalogue has no dataset of all events with grain `day`')
      const run = { id: randomBytes(4).toString('hex'), startedAt: Date.now(), random: new Random(seed) }
      const installation = { ...urls(), credentials, catalogue, isOwn: true, close: async () => undefined }
      const pace = { seconds, rate: eventsPerSecond, seed }
      const world = makeWorld(run, catalogue)
      const demo = new DemoRun({
        installation,
        world,
        panel,
        startedAt: run.startedAt,
        stop: this.#stop.signal,
        ...pace,
      })
      this.#run = demo
      await demo.begin()
      await demo.send(this.#stop.signal)
      await demo.settle()
      if (this.#stop.signal.aborted) return
      const { matches } = await demo.verdict(k)
      this.#ended = matches
        ? { state: 'done', verdict: 'What was counted is what was sent.' }
        : { state: 'failed', verdict: 'What was counted is not what was sent; others may have sent meanwhile.' }
    } catch (error) {
      logger.error({ err: error }, 'the demo stopped')
      this.#ended = { state: 'failed', verdict: 'It stopped before its end; the log says why.' }
    }
  }
}

function refused(detail: string): ProblemError {
  return new ProblemError(problem(409, 'no-demo', 'The demo does not run here', detail))
}
