/**
 * Senders as they should be: each sends a batch again, the same events with the same ids, until it is acknowledged.
 * Now and then they send one again that was acknowledged long since.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Random } from '../../services/command-line/demo-random.ts'
import type { Clock } from '../../shared/clock.ts'
import { type Batch, makeBatch } from './batches.ts'

const requestMsMax = 5000
const pauseMsMax = 30
const retryMs = 20
const resendsMax = 400

export interface SendersOptions {
  seed: number
  writeKey: string
  time: Clock
  /** Most batches that there can be. */
  batchesMax: number
}

export class Senders {
  /** In the order in which they were made. */
  readonly batches: Batch[] = []
  readonly acknowledged: Batch[] = []
  /** Requests of which nothing was heard, or that were refused for now. */
  retries = 0
  /** Batches sent again after they were acknowledged. */
  repeats = 0
  readonly #options: SendersOptions
  readonly #running: Promise<void>[] = []
  readonly #onTheirWay = new Set<Batch>()
  #collectorUrls: readonly string[] = []
  #allowed = 0
  #stopped = false
  #abandoned = false

  constructor(options: SendersOptions) {
    this.#options = options
  }

  start(count: number): void {
    for (let number = 0; number < count; number++)
      this.#running.push(this.#run(new Random(this.#options.seed + number)))
    // Looked at when they are awaited; until then a sender that gave up must not end the process.
    for (const running of this.#running) running.catch(() => undefined)
  }

  /** Where to send, to one or another; nowhere while nobody listens. */
  turnTo(...collectorUrls: (string | undefined)[]): void {
    this.#collectorUrls = collectorUrls.filter((url) => url !== undefined)
  }

  /** Lets them make so many batches in all, so that they last for the whole campaign. */
  allow(batches: number): void {
    this.#allowed = Math.min(batches, this.#options.batchesMax)
  }

  /** When the oldest batch was made that is not acknowledged; simulated time. */
  oldestOnItsWay(): number {
    return Math.min(...[...this.#onTheirWay].map(({ madeAt }) => madeAt))
  }

  /** Of the acknowledged batches. */
  get events(): number {
    return this.acknowledged.reduce((sum, { events }) => sum + events, 0)
  }

  /** Resolves when everything that was made is acknowledged. @throws what a sender gave up on, or after `msMax` */
  async finish(msMax: number): Promise<void> {
    this.#stopped = true
    const late = setTimeout(() => this.abandon(), msMax)
    await Promise.all(this.#running).finally(() => clearTimeout(late))
    if (this.#abandoned) throw new Error(`not every batch is acknowledged after ${msMax / 1000} s without kills`)
  }

  /** Ends them wherever they are. */
  abandon(): void {
    this.#stopped = true
    this.#abandoned = true
  }

  async #run(random: Random): Promise<void> {
    while (!this.#stopped) {
      await sleep(random.integer(0, pauseMsMax))
      if (this.batches.length < this.#allowed) {
        const batch = makeBatch(this.batches.length, this.#options.seed, this.#options.time.now())
        this.batches.push(batch)
        this.#onTheirWay.add(batch)
        await this.#send(batch, random)
        if (this.#abandoned) return
        this.#onTheirWay.delete(batch)
        this.acknowledged.push(batch)
        if (random.chance(0.15)) await this.#repeat(batch, random)
      } else if (this.acknowledged.length > 0 && this.repeats < resendsMax && random.chance(0.1)) {
        await this.#repeat(random.pick(this.acknowledged), random)
      }
    }
  }

  async #repeat(batch: Batch, random: Random): Promise<void> {
    this.repeats++
    await this.#send(batch, random)
  }

  async #send(batch: Batch, random: Random): Promise<void> {
    while (!this.#abandoned) {
      const urls = this.#collectorUrls
      const url = urls.length === 0 ? undefined : random.pick(urls)
      const answer = url === undefined ? undefined : await this.#post(url, batch.body)
      if (answer?.status === 200) {
        const { accepted } = (await answer.json().catch(() => ({ accepted: undefined }))) as { accepted?: number }
        if (accepted === batch.events) return
        // The answer may be cut off by a kill; one that was read whole must not say anything else.
        if (accepted !== undefined) throw new Error(`${batch.feature}: ${accepted} of ${batch.events} events accepted`)
      } else if (answer && answer.status < 500 && answer.status !== 429) {
        throw new Error(`${batch.feature} was refused with ${answer.status}`)
      }
      if (url !== undefined) this.retries++
      await sleep(retryMs)
    }
  }

  async #post(url: string, body: string): Promise<Response | undefined> {
    const headers = { authorization: `Bearer ${this.#options.writeKey}`, 'content-type': 'application/json' }
    const signal = AbortSignal.timeout(requestMsMax)
    return await fetch(`${url}/v1/events`, { method: 'POST', headers, body, signal }).catch(() => undefined)
  }
}
