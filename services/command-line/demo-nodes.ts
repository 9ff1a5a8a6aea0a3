/** The demo's cluster nodes: their reports go out by the sender that real nodes have, in batches of their own. */
import { createSender, type Sender } from '../../shared/sender/sender.ts'
import type { Batch } from './demo-batch.ts'
import { nodeUserAgent } from './demo-user-agents.ts'

/** A demo lasts seconds: nobody wants to wait for batches to fill. */
const batchMs = 200
const syncMs = 20

export interface NodeAnswer {
  readonly accepted: number
  readonly rejected: number
}

interface Waiting {
  readonly done: () => void
  /** Events of the batch that are not answered yet. */
  left: number
}

export class DemoNodes {
  readonly #sender: Sender
  /** By event id. */
  readonly #waiting = new Map<string, Waiting>()

  constructor(url: string, writeKey: string, onAnswered: (answer: NodeAnswer) => void) {
    this.#sender = createSender({
      ...{ url, writeKey, batchMs, syncMs, userAgent: nodeUserAgent },
      // These nodes are nobody's: what somebody wants for this machine is not about them.
      environment: {},
      // What is wrong with key or address is said of the requests of browsers and command lines.
      onWarning: () => undefined,
      onAnswered: ({ lines, accepted, rejected }) => {
        onAnswered({ accepted, rejected: rejected.length })
        for (const line of lines) this.#settle((JSON.parse(line) as { id: string }).id)
      },
    })
  }

  /** Resolves with true once all of the batch is answered; with false when `signal` gives up before. */
  deliver(batch: Batch, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const giveUp = () => resolve(false)
      const done = () => {
        signal.removeEventListener('abort', giveUp)
        resolve(true)
      }
      signal.addEventListener('abort', giveUp, { once: true })
      const waiting: Waiting = { left: batch.events.length, done }
      for (const event of batch.events) {
        this.#waiting.set(event.id, waiting)
        this.#sender.track(event)
      }
    })
  }

  close(): void {
    void this.#sender.close(0)
  }

  #settle(id: string): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (waiting && --waiting.left === 0) waiting.done()
  }
}
