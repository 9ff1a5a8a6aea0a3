/** Notices that the event log is another one than the tables were filled from. */
import type { Logger } from '../../shared/logger.ts'
import type { Warehouse } from '../../shared/warehouse/port.ts'
import { cellsTable, markDataset } from '../../shared/warehouse/schema.ts'

/**
 * Says so when every mark is another log's: a topic made anew, or a fresh folder beside old tables. Marks of another log
 * never count, so the new one is counted from its first record; what the old one still had is not in the tables.
 * @returns whether it is a new one
 */
export async function noticeNewLog(warehouse: Warehouse, logId: string, logger: Logger): Promise<boolean> {
  const rows = await warehouse.select<{ log: string }>(
    `SELECT DISTINCT log FROM ${cellsTable} WHERE dataset = '${markDataset}' AND stage = 'mark' ORDER BY log`,
  )
  const earlier = rows.map(({ log }) => log)
  if (earlier.length === 0 || earlier.includes(logId)) return false
  logger.warn(
    { logId, earlier },
    'the event log is a new one, the tables were filled from another: it is counted from its first record on; records of the other that had not been counted are not in the tables, and what senders send again counts again',
  )
  return true
}
