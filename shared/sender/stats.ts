/** What has become of a sender's events, in figures. */
import { type DropReason, dropReasons } from './options.ts'

export interface SenderStats {
  readonly tracked: number
  /** As the collector said; duplicates among them, not what it was asked not to count. */
  readonly accepted: number
  readonly rejected: number
  readonly dropped: Readonly<Record<DropReason, number>>
  readonly requests: number
  /** Requests with events that had been sent before. */
  readonly requestsAgain: number
  /** Bytes of events that are in memory alone now. */
  readonly memoryBytes: number
  /** Bytes of events on disk now. */
  readonly spoolBytes: number
}

export class Stats {
  tracked = 0
  accepted = 0
  rejected = 0
  requests = 0
  requestsAgain = 0
  readonly dropped: Record<DropReason, number>
  readonly #waiting: () => { memoryBytes: number; spoolBytes: number }

  constructor(waiting = () => ({ memoryBytes: 0, spoolBytes: 0 })) {
    this.#waiting = waiting
    this.dropped = Object.fromEntries(dropReasons.map((reason) => [reason, 0])) as Record<DropReason, number>
  }

  /** As of now. */
  get stats(): SenderStats {
    const { tracked, accepted, rejected, requests, requestsAgain, dropped } = this
    return { tracked, accepted, rejected, requests, requestsAgain, dropped: { ...dropped }, ...this.#waiting() }
  }
}
