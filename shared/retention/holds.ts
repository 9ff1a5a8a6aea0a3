/**
 * Legal holds, as the ledger has them: what is kept beyond its time at a moment, and by which cases. What a hold covers ends
 * with its release; raw records also at the end that their order names.
 */
import type { Hold } from '../ledger/port.ts'
import type { Coverable, KindOfData } from './kind-of-data.ts'

/** By what is covered, the cases that cover it; none: nothing of it is held. */
export type Held = Readonly<Record<Coverable, readonly string[]>>

export const nothingHeld: Held = { aggregates: [], ledger: [], raw: [] }

/** @param now ms since the Unix epoch */
export function heldAt(holds: readonly Hold[], now: number): Held {
  const casesOf = (covered: Coverable) =>
    holds.filter((hold) => isCovering(hold, covered, now)).map((hold) => hold.case)
  return { aggregates: casesOf('aggregates'), ledger: casesOf('ledger'), raw: casesOf('raw') }
}

/** The cases that keep things of that kind beyond their time. */
export function casesHolding(kind: KindOfData, held: Held): readonly string[] {
  return kind.heldAs === undefined ? [] : held[kind.heldAs]
}

/** Holds of nothing but raw records whose end has come, and which nobody has released. */
export function endedHolds(holds: readonly Hold[], now: number): readonly Hold[] {
  return holds.filter(
    (hold) =>
      hold.releasedAt === undefined && hold.covers.every((one) => one === 'raw') && !isCovering(hold, 'raw', now),
  )
}

function isCovering({ covers, releasedAt, until }: Hold, covered: Coverable, now: number): boolean {
  if (releasedAt !== undefined || !covers.includes(covered)) return false
  return covered !== 'raw' || (until !== undefined && now < Date.parse(until))
}
