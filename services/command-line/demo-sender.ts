/**
 * The demo's way to the collector: its real HTTP door. What nodes report goes by our own sender; requests of browsers and
 * command lines are made here: at most so many at once, again and again until a batch is accepted, and not before the
 * collector's `Retry-After` has passed. `node:http`, as `fetch` sets browsers' headers whether one wants them or not.
 */
import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { ConfigError } from '../../shared/config.ts'
import { type Batch, jsonType, ndjsonType } from './demo-batch.ts'
import { DemoNodes } from './demo-nodes.ts'

const inFlightMax = 32
const answerMsMax = 20_000
const pauseMs = 1_000
const pauseMsMax = 60_000

/** Events, not requests. */
export interface SendTally {
  sent: number
  /** Of the collector's answers, so with those that were sent again. */
  accepted: number
  rejected: number
  again: number
  /** Never answered with success: whether they will be counted is not known. */
  unanswered: number
}

interface Answer {
  status: number
  retryAfterMs: number
  text: string
}

export class DemoSender {
  readonly tally: SendTally = { sent: 0, accepted: 0, rejected: 0, again: 0, unanswered: 0 }
  /** When the last batch was accepted, ms since the Unix epoch. */
  lastAcceptedAt = 0
  readonly #url: string
  readonly #writeKey: string
  readonly #agent = new Agent({ keepAlive: true, maxSockets: inFlightMax })
  readonly #nodes: DemoNodes
  readonly #running = new Set<Promise<void>>()
  #pausedUntil = 0

  constructor(url: string, writeKey: string) {
    this.#url = url
    this.#writeKey = writeKey
    this.#nodes = new DemoNodes(url, writeKey, ({ accepted, rejected }) => this.#note(accepted, rejected))
  }

  get inFlight(): number {
    return this.#running.size
  }

  /** Whether another request may be started now. */
  get isFree(): boolean {
    return this.#running.size < inFlightMax && performance.now() >= this.#pausedUntil
  }

  /**
   * Starts to send; `signal` gives up on a batch that is not accepted yet.
   * @param first false when the same batch has been accepted before
   * @param onAccepted called once, when it is accepted
   */
  start(batch: Batch, first: boolean, signal: AbortSignal, onAccepted: () => void, onRefused: (why: Error) => void) {
    const count = batch.events.length
    if (first) this.tally.sent += count
    else this.tally.again += count
    // A node's sender sends nothing again that was taken; a repetition is a request of its own.
    const isNode = first && batch.node === true
    const running = (isNode ? this.#nodes.deliver(batch, signal) : this.#deliver(batch, signal))
      .then((accepted) => {
        if (accepted) onAccepted()
        else if (first) this.tally.unanswered += count
      }, onRefused)
      .finally(() => this.#running.delete(running))
    this.#running.add(running)
  }

  /** Resolves when no request runs. */
  async idle(): Promise<void> {
    await Promise.all(this.#running)
  }

  close(): void {
    this.#agent.destroy()
    this.#nodes.close()
  }

  async #deliver(batch: Batch, signal: AbortSignal): Promise<boolean> {
    const text = batch.lines
      ? batch.events.map((event) => `${JSON.stringify(event)}\n`).join('')
      : JSON.stringify({ events: batch.events })
    const body = batch.gzip ? gzipSync(text) : Buffer.from(text)
    const headers = {
      ...batch.headers,
      authorization: `Bearer ${this.#writeKey}`,
      'content-type': batch.lines ? ndjsonType : jsonType,
      'content-length': String(body.length),
      ...(batch.gzip ? { 'content-encoding': 'gzip' } : {}),
    }
    for (let attempt = 0; !signal.aborted; attempt++) {
      await this.#waitForPause(signal)
      if (attempt > 0) this.tally.again += batch.events.length
      const answer = await this.#post(headers, body, signal).catch(() => undefined)
      if (answer?.status === 200) {
        const { accepted, rejected } = JSON.parse(answer.text) as { accepted: number; rejected: unknown[] }
        this.#note(accepted, rejected.length)
        return true
      }
      if (answer && answer.status !== 429 && answer.status < 500)
        throw new ConfigError(`The collector answered ${answer.status}: ${detailOf(answer.text)}`)
      this.#pausedUntil = performance.now() + Math.min(answer?.retryAfterMs || pauseMs, pauseMsMax)
    }
    return false
  }

  async #waitForPause(signal: AbortSignal): Promise<void> {
    for (;;) {
      const left = this.#pausedUntil - performance.now()
      if (left <= 0 || signal.aborted) return
      await sleep(left, undefined, { signal }).catch(() => undefined)
    }
  }

  #note(accepted: number, rejected: number): void {
    this.tally.accepted += accepted
    this.tally.rejected += rejected
    this.lastAcceptedAt = Date.now()
  }

  #post(headers: Record<string, string>, body: Buffer, signal: AbortSignal): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const options = { method: 'POST', headers, agent: this.#agent, timeout: answerMsMax, signal }
      const posting = request(`${this.#url}/v1/events`, options, (answer) => {
        let text = ''
        answer.setEncoding('utf8')
        answer.on('data', (piece: string) => {
          text += piece
        })
        answer.on('error', reject)
        answer.on('end', () => {
          const seconds = Number(answer.headers['retry-after'] ?? 0)
          resolve({ status: answer.statusCode ?? 0, retryAfterMs: seconds > 0 ? seconds * 1000 : 0, text })
        })
      })
      posting.on('timeout', () => posting.destroy(new Error('no answer')))
      posting.on('error', reject)
      posting.end(body)
    })
  }
}

function detailOf(text: string): string {
  try {
    const { title, detail } = JSON.parse(text) as { title?: string; detail?: string }
    return `${title}. ${detail}`
  } catch {
    return 'without a reason'
  }
}
