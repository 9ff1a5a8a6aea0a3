/** One run of the demo: sends at a steady rate, keeps what must come of it, and asks the usage API what has. */
import { setMaxListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Batch, World } from './demo-batch.ts'
import { Expected } from './demo-expected.ts'
import type { Installation } from './demo-installation.ts'
import { Random } from './demo-random.ts'
import { DemoSender } from './demo-sender.ts'
import { since, summarise, type Verdict } from './demo-summary.ts'
import type { CountedRow } from './demo-table.ts'
import { type Panel, type Usage, UsageApi } from './demo-usage.ts'

const tickMs = 20
/** Share of the batches that are sent once more, as a sender does that missed the answer. */
const againShare = 0.04
const againAfterMsMax = 2_000
/** After a pause the sending goes on at its rate; what was missed is not made up for. */
const owedSecondsMax = 0.5
const settleMsMax = 15_000
const freshMsMax = 60_000
const pollMs = 200

interface DemoRunOptions {
  readonly installation: Installation
  readonly world: World
  readonly panel: Panel
  /** ms since the Unix epoch */
  readonly startedAt: number
  readonly seconds: number
  readonly rate: number
  readonly seed: number
  /** Ends every waiting; what is then told is what was known by then. */
  readonly stop?: AbortSignal
}

/** A batch that was accepted and is to be sent once more. */
interface Waiting {
  readonly batch: Batch
  readonly at: number
}

export interface Figures {
  readonly total: Usage
  readonly byFeature: Usage | undefined
}

export class DemoRun {
  readonly options: DemoRunOptions
  readonly sender: DemoSender
  readonly expected: Expected
  readonly #usage: UsageApi
  /** Of its own, so that retries do not change who does what in the world. */
  readonly #random: Random
  /** Gives up on what is not accepted some time after the end. */
  readonly #giveUp = new AbortController()
  #before: Figures | undefined
  #began = 0
  #endedMs: number | undefined
  #refused: Error | undefined

  constructor(options: DemoRunOptions) {
    const { installation, startedAt, seed } = options
    this.options = options
    this.sender = new DemoSender(installation.collectorUrl, installation.credentials.writeKey)
    this.expected = new Expected(installation.catalogue)
    this.#usage = new UsageApi(installation.reportingUrl, installation.credentials.analystToken, startedAt)
    this.#random = new Random(seed + 1)
    // Every request that is under way listens.
    setMaxListeners(0, this.#giveUp.signal)
    options.stop?.addEventListener('abort', () => this.#giveUp.abort())
  }

  /** Reads what was counted before. */
  async begin(): Promise<void> {
    await this.#waitUntilFresh(Date.now())
    this.#before = await this.figures()
    this.#began = performance.now()
  }

  get elapsedMs(): number {
    return this.#endedMs ?? performance.now() - this.#began
  }

  /** Sends until the time is over or `signal` says so. @throws Error when the collector refuses for good */
  async send(signal: AbortSignal): Promise<void> {
    const { rate, seconds, world } = this.options
    const again: Waiting[] = []
    let owed = 0
    let last = performance.now()
    while (!signal.aborted && this.elapsedMs < seconds * 1000 && !this.#refused) {
      const now = performance.now()
      owed = Math.min(owed + ((now - last) / 1000) * rate, Math.max(1, owedSecondsMax * rate))
      last = now
      // First, or a fast run would never get to them.
      for (const { batch } of takeDue(again, now)) {
        if (this.sender.isFree) this.#startAgain(batch)
      }
      while (owed > 0 && this.sender.isFree) {
        const batch = world.next(Date.now())
        owed -= batch.events.length
        this.#start(batch, () => {
          if (this.#random.chance(againShare)) again.push({ batch, at: now + this.#random.next() * againAfterMsMax })
        })
      }
      await sleep(tickMs, undefined, { signal }).catch(() => undefined)
    }
    this.#endedMs = performance.now() - this.#began
  }

  /** Waits for the last answers, and until the tables have everything that was accepted. */
  async settle(): Promise<void> {
    const timer = setTimeout(() => this.#giveUp.abort(), settleMsMax)
    await this.sender.idle()
    clearTimeout(timer)
    this.sender.close()
    if (this.#refused) throw this.#refused
    await this.#waitUntilFresh(this.sender.lastAcceptedAt)
  }

  async figures(): Promise<Figures> {
    const { dataset, by } = this.options.panel
    const total = await this.#usage.read(dataset, undefined)
    return { total, byFeature: by === undefined ? undefined : await this.#usage.read(dataset, by) }
  }

  /** Events of everything; undefined when hidden. */
  counted({ total }: Figures): CountedRow | undefined {
    return this.#before && countedRow(this.#before.total, total, '')
  }

  /** The same by feature, where it is not hidden. */
  features({ byFeature }: Figures): Map<string, CountedRow> {
    const rows = new Map<string, CountedRow>()
    const before = this.#before?.byFeature
    if (!byFeature || !before) return rows
    for (const name of byFeature.rows.keys()) {
      const row = countedRow(before, byFeature, name)
      if (row && row.events > 0) rows.set(name, row)
    }
    return rows
  }

  async verdict(k: number): Promise<Verdict> {
    const { panel, installation } = this.options
    const [before, after] = [this.#before!, await this.figures()]
    const both = before.byFeature && after.byFeature
    return summarise({
      tally: this.sender.tally,
      expected: this.expected,
      seconds: this.elapsedMs / 1000,
      dataset: panel.dataset,
      total: { before: before.total, after: after.total },
      byFeature: both && { before: before.byFeature, after: after.byFeature! },
      isFresh: isFreshTo(after.total, this.sender.lastAcceptedAt),
      isOwn: installation.isOwn,
      k,
    })
  }

  #start(batch: Batch, onAccepted: () => void): void {
    const accepted = () => {
      this.expected.add(batch)
      onAccepted()
    }
    this.sender.start(batch, true, this.#giveUp.signal, accepted, (why) => this.#refuse(why))
  }

  #startAgain(batch: Batch): void {
    this.sender.start(
      batch,
      false,
      this.#giveUp.signal,
      () => undefined,
      (why) => this.#refuse(why),
    )
  }

  #refuse(why: Error): void {
    this.#refused ??= why
  }

  async #waitUntilFresh(time: number): Promise<void> {
    const deadline = performance.now() + freshMsMax
    while (performance.now() < deadline && !this.options.stop?.aborted) {
      const usage = await this.#usage.read(this.options.panel.dataset, undefined)
      if (isFreshTo(usage, time)) return
      await sleep(pollMs)
    }
  }
}

/** Removes and returns what is due. */
function takeDue(waiting: Waiting[], now: number): Waiting[] {
  const due = waiting.filter(({ at }) => at <= now)
  if (due.length > 0) waiting.splice(0, waiting.length, ...waiting.filter(({ at }) => at > now))
  return due
}

function countedRow(before: Usage, now: Usage, name: string): CountedRow | undefined {
  const row = now.rows.get(name)
  const events = since(before, now, name)
  if (row) return { events: events ?? row.events, devices: row.devices, withEarlier: events === undefined }
  return events === undefined ? undefined : { events, devices: 0, withEarlier: false }
}

function isFreshTo({ freshTo }: Usage, time: number): boolean {
  return freshTo !== undefined && freshTo >= time
}
