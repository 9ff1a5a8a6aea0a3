/**
 * Headcount's sender for Node. `createSender` never throws, `track` never throws, blocks or waits, and no promise that
 * a sender gives is ever rejected: a host loses events before it loses anything else, and `stats` says how many.
 */
import { emptySpool } from './empty-spool.ts'
import { LiveSender } from './live-sender.ts'
import { type SenderOptions, type TrackedEvent, wishOf } from './options.ts'
import { type SenderParts, systemParts } from './parts.ts'
import { type SenderStats, Stats } from './stats.ts'
import { warnOnce } from './warn-once.ts'

export type { Answered, DropReason, SenderOptions, TrackedEvent } from './options.ts'
export type { SenderStats } from './stats.ts'

export interface Sender {
  /**
   * Takes an event, with an id and the time of now where it has none. Returns whether it was taken: not when telemetry is
   * off, after `close`, or when it cannot be written as JSON of at most 32 KiB.
   */
  track(event: TrackedEvent): boolean
  /**
   * Resolves with true once everything that was tracked before is handed over: synced to the spool, where a kill of the
   * process cannot lose it, or answered by the collector; what `stats.dropped` counts is not. False when that takes longer
   * than `msMax` (5,000). Without being asked for, it is so after `syncMs` and a write.
   */
  handedOver(msMax?: number): Promise<boolean>
  /** Sends now; true once the collector has answered everything that was tracked before, false when it does not. */
  flush(msMax?: number): Promise<boolean>
  /** `flush` within `msMax` (2,000), then gives up what it holds: files of the spool stay for the next process. */
  close(msMax?: number): Promise<boolean>
  readonly stats: SenderStats
}

export function createSender(options: SenderOptions, parts: SenderParts = systemParts): Sender {
  try {
    if (wishOf(options) !== 'nothing') return LiveSender.start(options, parts)
    return silentSender(options.spoolDir === undefined ? undefined : emptySpool(options.spoolDir))
  } catch (error) {
    warnOnce(options?.onWarning)(`nothing is sent: ${(error as Error).message}`)
  }
  return silentSender()
}

/** @param emptied what was waiting from before, when telemetry was on */
function silentSender(emptied: Promise<void> = Promise.resolve()): Sender {
  const done = () => emptied.then(() => true)
  const { stats } = new Stats()
  return { track: () => false, handedOver: done, flush: done, close: done, stats }
}
