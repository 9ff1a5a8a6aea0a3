/**
 * What a key-value store that has lost everything must know before anything is counted, read from the aggregate tables:
 * which epochs have closed, so that no key of theirs is ever made again, and which are open, so that they close.
 *
 * The keys themselves are gone for good: devices of an open epoch get new pseudonyms and count once more. That is
 * reported, epoch by epoch; events are not touched by it.
 */
import type { Catalogue } from '../../shared/catalogue.ts'
import type { EpochKeys } from '../../shared/epoch-keys.ts'
import type { Logger } from '../../shared/logger.ts'
import type { Metrics } from '../../shared/metrics.ts'
import type { Warehouse } from '../../shared/warehouse/port.ts'
import { cellsTable, finalDataset, probeDataset } from '../../shared/warehouse/schema.ts'
import { type EpochName, epochBounds, epochKindOf, epochOf, type Grain } from '../../shared/window.ts'
import { finaliseWindows, windowsOfEpoch } from './finalise.ts'

export interface RestoreTools {
  readonly warehouse: Warehouse
  readonly catalogue: Catalogue
  readonly epochKeys: EpochKeys
  readonly metrics: Metrics
  readonly logger: Logger
}

/** Tombstones and keys as the tables say; a store that has them stays as it is. May be run again, and by two at a time. */
export async function restoreEpochs(tools: RestoreTools): Promise<void> {
  const { warehouse, catalogue, epochKeys, metrics, logger } = tools
  const closed = await epochsOf(warehouse, `dataset = '${finalDataset}' AND stage = 'mark'`)
  const open = await epochsOf(warehouse, `stage = 'open' AND dataset != '${probeDataset}'`)
  for (const name of closed) {
    // Its close was under way: one window that is final cannot be taken back.
    if (open.has(name)) {
      const { kind, start, end } = epochBounds(name)
      await finaliseWindows(warehouse, catalogue, windowsOfEpoch(kind, start, end))
    }
    await epochKeys.destroy(name)
  }
  const lost: EpochName[] = []
  for (const name of open) if (!closed.has(name) && (await epochKeys.make(name))) lost.push(name)
  if (lost.length === 0) return
  metrics.epochKeysLost.inc(lost.length)
  logger.error(
    { epochs: lost },
    'the key-value store has lost the keys of these epochs: devices seen before count once more in them, events do not',
  )
}

async function epochsOf(warehouse: Warehouse, where: string): Promise<Set<EpochName>> {
  const rows = await warehouse.select<{ grain: Grain; start: string }>(
    `SELECT DISTINCT grain, toUnixTimestamp(window) AS start FROM ${cellsTable} WHERE ${where} ORDER BY start`,
  )
  return new Set(rows.map(({ grain, start }) => epochOf(epochKindOf[grain], Number(start) * 1000)))
}
