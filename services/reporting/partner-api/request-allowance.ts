/**
 * How many requests a partner may make, shared by all processes through the key-value store: a sliding window of a minute
 * made of two counters (what Cloudflare describes), in one value per partner, so that nothing piles up.
 */
import type { Clock } from '../../../shared/clock.ts'
import type { KeyValue } from '../../../shared/keyvalue/port.ts'

const windowMs = 60_000
/** Each lost race is another request of the same partner. */
const racesMax = 100

export interface Allowance {
  readonly granted: boolean
  readonly quota: number
  readonly remaining: number
  /** Until the running minute ends, or, when not granted, until a request has a chance. */
  readonly resetSeconds: number
}

interface Counters {
  /** Start of the running minute, ms since the Unix epoch. */
  since: number
  count: number
  /** Of the minute before. */
  previous: number
}

/**
 * Takes one request off what `name` may make.
 * @param name of the partner, and of the kind of request where kinds are counted apart
 */
export async function takeRequest(
  { keyValue, clock }: { keyValue: KeyValue; clock: Clock },
  name: string,
  quota: number,
): Promise<Allowance> {
  const key = `partner-requests/${name}`
  for (let race = 0; race < racesMax; race++) {
    const now = clock.now()
    const stored = await keyValue.get(key)
    const counters = countersAt(stored, now)
    const leftOfMinute = (counters.since + windowMs - now) / windowMs
    const used = counters.previous * leftOfMinute + counters.count
    const resetSeconds = Math.ceil(leftOfMinute * (windowMs / 1000))
    if (used + 1 > quota)
      return { granted: false, quota, remaining: 0, resetSeconds: waitSeconds(counters, quota, leftOfMinute) }
    const next = Buffer.from(JSON.stringify({ ...counters, count: counters.count + 1 }))
    if (await keyValue.compareAndSet(key, stored, next))
      return { granted: true, quota, remaining: Math.floor(quota - used - 1), resetSeconds }
  }
  return { granted: false, quota, remaining: 0, resetSeconds: 1 }
}

function countersAt(stored: Buffer | undefined, now: number): Counters {
  const since = Math.floor(now / windowMs) * windowMs
  const known = stored && (JSON.parse(stored.toString()) as Counters)
  if (known?.since === since) return known
  return { since, count: 0, previous: known?.since === since - windowMs ? known.count : 0 }
}

/** When the minute before weighs so little that one more fits; at the latest when this minute ends. */
function waitSeconds({ count, previous }: Counters, quota: number, leftOfMinute: number): number {
  const room = quota - 1 - count
  const wait = room >= 0 && previous > 0 ? leftOfMinute - room / previous : leftOfMinute
  return Math.max(1, Math.ceil(wait * (windowMs / 1000)))
}
