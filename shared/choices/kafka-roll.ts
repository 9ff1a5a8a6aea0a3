/**
 * Kafka never compacts the segment that is being written to, and begins a new one only when something is appended. Where
 * nobody chooses anything for long, what was removed would stay in the file: so a record without meaning is appended.
 */
import { hourMs } from '../window.ts'

/** `segment.ms` of the topic: a record so much later than the removal is in another segment. */
export const rollMs = hourMs

/** What the fold has seen, by Kafka's clock; ms since the Unix epoch, undefined where there was none. */
export interface SeenTimes {
  readonly removedAt: number | undefined
  readonly appendedAt: number | undefined
}

/** Whichever follower looks first appends it; the others see it and need not. */
export function isRollDue({ removedAt, appendedAt }: SeenTimes, now: number, afterMs = rollMs): boolean {
  if (removedAt === undefined || appendedAt === undefined) return false
  const due = removedAt + afterMs + 1
  return now >= due && appendedAt < due
}
