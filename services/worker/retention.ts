/**
 * Retention: what is past its time goes, by running code and by the injected clock. Raw records (the log unlinks them),
 * cells of the short grains and the probe's, expired entries of the key-value store, keys of event ids once no blob made
 * with them is left. The times are those of shared/retention/limits.ts.
 */
import type { Clock } from '../../shared/clock.ts'
import type { EventLog } from '../../shared/eventlog/port.ts'
import type { KeyValue } from '../../shared/keyvalue/port.ts'
import type { Held } from '../../shared/retention/holds.ts'
import { cellsMs } from '../../shared/retention/kinds-of-aggregates.ts'
import { eventIdsMs, probeCellsMs } from '../../shared/retention/limits.ts'
import type { Warehouse } from '../../shared/warehouse/port.ts'
import { cellsTable, finalDataset, probeDataset } from '../../shared/warehouse/schema.ts'
import { dayMs } from '../../shared/window.ts'
import { idSecretPrefix } from './id-memory.ts'

export interface RetentionTools {
  readonly log: EventLog
  readonly keyValue: KeyValue
  readonly warehouse: Warehouse
  readonly clock: Clock
  /** What legal holds keep beyond its time. */
  readonly held: Held
}

/** Removes everything that is past its time. Idempotent. */
export async function applyRetention({ log, keyValue, warehouse, clock, held }: RetentionTools): Promise<void> {
  const now = clock.now()
  if (held.raw.length === 0) await log.expire()
  await keyValue.sweep()
  for (const { name } of await keyValue.secrets.list()) {
    if (!name.startsWith(idSecretPrefix)) continue
    const dayEnd = Date.parse(`${name.slice(idSecretPrefix.length)}T00:00:00Z`) + dayMs
    if (dayEnd + eventIdsMs <= now) await keyValue.secrets.destroy(name)
  }
  for (const [grain, kept] of held.aggregates.length === 0 ? Object.entries(cellsMs) : []) {
    await removeRows(warehouse, `grain = {grain:String} AND window < toDateTime({before:UInt32}, 'UTC')`, {
      grain,
      before: Math.max(0, Math.floor((now - kept) / 1000)),
    })
  }
  await removeRows(warehouse, `dataset = '${probeDataset}' AND window < toDateTime({before:UInt32}, 'UTC')`, {
    before: Math.max(0, Math.floor((now - probeCellsMs) / 1000)),
  })
  // An insert that was still on its way when its window was made final: counted late, so not counted; its state must go.
  await removeRows(
    warehouse,
    `stage = 'open' AND (dataset, grain, window) IN (SELECT by, grain, window FROM ${cellsTable} WHERE dataset = '${finalDataset}' AND stage = 'mark')`,
    {},
  )
}

/** A mutation rewrites parts, so only where there is something to remove. */
async function removeRows(warehouse: Warehouse, where: string, params: Record<string, unknown>): Promise<void> {
  const [found] = await warehouse.select<{ cells: string }>(
    `SELECT count() AS cells FROM ${cellsTable} WHERE ${where}`,
    params,
  )
  if (Number(found?.cells ?? 0) > 0) await warehouse.command(`ALTER TABLE ${cellsTable} DELETE WHERE ${where}`, params)
}
