/**
 * Closing epochs: when no more event of a day, week or month can come, its windows become final and its key is
 * destroyed, for ever. At the raw-retention deadline the key goes whether or not everything was counted, after an alarm.
 *
 * An epoch closes 24 h after its end by the slowest partition's watermark, and 24 h after its last imported line.
 */
import type { Catalogue } from '../../shared/catalogue.ts'
import type { Clock } from '../../shared/clock.ts'
import type { EpochKeys } from '../../shared/epoch-keys.ts'
import type { KeyValue } from '../../shared/keyvalue/port.ts'
import type { Logger } from '../../shared/logger.ts'
import type { Metrics } from '../../shared/metrics.ts'
import { epochKeyMs, latenessMs } from '../../shared/retention/limits.ts'
import type { Warehouse } from '../../shared/warehouse/port.ts'
import { type EpochName, epochBounds } from '../../shared/window.ts'
import { finaliseWindows, windowsOfEpoch } from './finalise.ts'
import { forgetImports, lastImports } from './import-days.ts'

export interface CloseTools {
  readonly warehouse: Warehouse
  readonly catalogue: Catalogue
  readonly epochKeys: EpochKeys
  readonly keyValue: KeyValue
  readonly clock: Clock
  readonly metrics: Metrics
  readonly logger: Logger
}

export interface DueEpoch {
  name: EpochName
  /** Its deadline has come before everything of it was counted. */
  overdue: boolean
}

export interface EpochTimes {
  name: EpochName
  createdAt: number
  /** Closes by itself once the watermark is here. */
  closesAt: number
  /** Its key goes then in any case. */
  deadline: number
}

/** Living epochs and when they end; ms since the Unix epoch, oldest first. */
export async function epochTimes(tools: Pick<CloseTools, 'epochKeys' | 'keyValue'>): Promise<EpochTimes[]> {
  const imports = await lastImports(tools.keyValue)
  return (await tools.epochKeys.living()).map(({ name, createdAt }) => {
    const { end } = epochBounds(name)
    const closesAt = Math.max(end, imports.get(name) ?? 0) + latenessMs
    return { name, createdAt, closesAt, deadline: Math.max(end, createdAt) + epochKeyMs }
  })
}

/**
 * The epochs that must close now, oldest first.
 * @param watermark the slowest partition's, ms since the Unix epoch: no record appended before it is still to come
 */
export async function dueEpochs(
  tools: Pick<CloseTools, 'epochKeys' | 'keyValue' | 'clock'>,
  watermark: number,
): Promise<DueEpoch[]> {
  const due: DueEpoch[] = []
  for (const { name, closesAt, deadline } of await epochTimes(tools)) {
    if (watermark >= closesAt) due.push({ name, overdue: false })
    else if (tools.clock.now() >= deadline) due.push({ name, overdue: true })
  }
  return due
}

/**
 * Makes the epoch's windows final and destroys its key. May be run again after a crash at any point, and harmlessly by
 * two at a time. No worker may use the epoch's keys any more (closing.ts).
 */
export async function closeEpoch(tools: CloseTools, { name, overdue }: DueEpoch): Promise<void> {
  if (overdue) {
    tools.metrics.unsealedDays.inc()
    tools.logger.error(
      { epoch: name },
      'the raw-retention deadline has come before this epoch could close by itself: its key is destroyed now, what comes later is not counted; is the worker far behind?',
    )
  }
  const { kind, start, end } = epochBounds(name)
  await finaliseWindows(tools.warehouse, tools.catalogue, windowsOfEpoch(kind, start, end))
  await tools.epochKeys.destroy(name)
  await forgetImports(tools.keyValue, name)
  tools.logger.info({ epoch: name }, 'closed: windows are final, key destroyed')
}
