/** What the demo's senders send: batches of events, and worlds that make them. */
import type { Random } from './demo-random.ts'

export interface DemoEvent {
  id: string
  /** RFC 3339 */
  time: string
  feature: string
  device?: string
  cookie?: string
  cluster?: string
  [field: string]: string | number | undefined
}

export interface Batch {
  readonly events: readonly DemoEvent[]
  readonly headers: Readonly<Record<string, string>>
  readonly gzip: boolean
  readonly lines: boolean
  /** Sent as a crawler in a browser: accepted, and not counted. */
  readonly bot: boolean
  /** A report of a node: sent by our own sender, with its own headers and coding. */
  readonly node?: boolean
}

export interface World {
  /** Who lives in it, in a few words. */
  readonly title: string
  /** @param now ms since the Unix epoch */
  next(now: number): Batch
}

/** What every world needs to know of the run it is made for. */
export interface Run {
  /** Differs for every run: an event of an earlier demo with the same seed is not the same event. */
  readonly id: string
  readonly startedAt: number
  readonly random: Random
}

/** Event ids of a run, none twice. */
export function eventIds({ id }: Run): () => string {
  let made = 0
  return () => `demo-${id}-${(made++).toString(36)}`
}

export const jsonType = 'application/json'
export const ndjsonType = 'application/x-ndjson'

/** What marks a request as one of a page in a browser. */
export function browserHeaders(userAgent: string): Record<string, string> {
  return {
    'user-agent': userAgent,
    'sec-fetch-mode': 'cors',
    'sec-fetch-site': 'same-origin',
    'accept-language': 'en',
  }
}
