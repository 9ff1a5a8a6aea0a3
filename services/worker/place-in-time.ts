/**
 * place in time: an event may be at most 24 h older than its record's append; older is `late`. More than 5 minutes
 * ahead is the sender's clock being wrong: the append time stands in. An imported line's own time stands for both.
 * Everything here depends on the record's own times, so that a replay gives the same.
 */
import { Drop } from '../../shared/drop-reason.ts'
import type { EpochKeys } from '../../shared/epoch-keys.ts'
import { latenessMs } from '../../shared/retention/limits.ts'
import { minuteMs } from '../../shared/window.ts'
import type { Observation, Sender } from './observation.ts'

export const aheadMs = 5 * minuteMs

export function isImport(sender: Pick<Sender, 'route'>): boolean {
  return sender.route === 'import' || sender.route === 'import-all'
}

export function placeInTime(
  seen: Observation,
  tools: { epochKeys: EpochKeys; onClamp: () => void },
): Observation | Drop {
  const time = placedTime(seen.sentTime, seen.sender)
  if (time === undefined || tools.epochKeys.at(time) === 'closed') return new Drop('late')
  if (time !== seen.sentTime) tools.onClamp()
  seen.time = time
  return seen
}

/** The time an event counts for; undefined when it is late by its record. Also used to prepare epoch keys ahead. */
export function placedTime(eventTime: number, sender: Pick<Sender, 'route' | 'appendedAt'>): number | undefined {
  if (eventTime > sender.appendedAt + aheadMs) return sender.appendedAt
  return !isImport(sender) && eventTime < sender.appendedAt - latenessMs ? undefined : eventTime
}
