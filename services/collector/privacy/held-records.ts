/** The raw records of one unit that are still in the event log: read beside whoever consumes it, from its beginning. */
import { decodeRecord, eventsOf, type SentEvent, type Unit } from '../../../shared/event.ts'
import type { PartitionHistory } from '../../../shared/eventlog/port.ts'

const readLimit = { records: 1000, bytes: 1024 * 1024, waitMs: 0 }
const recordsMax = 500
const bytesMax = 1024 * 1024

/** Times in ms since the Unix epoch. */
export interface HeldRecord {
  readonly receivedAt: number
  readonly appendedAt: number
  readonly address: string
  readonly userAgent: string
  readonly events: readonly SentEvent[]
}

/**
 * The oldest first within a partition; at most 500 or 1 MB of them.
 * @returns `complete`: false when there are more
 */
export async function heldRecords(
  histories: readonly PartitionHistory[],
  unit: Unit,
): Promise<{ records: HeldRecord[]; complete: boolean }> {
  const records: HeldRecord[] = []
  const needle = Buffer.from(`"${unit.kind}",${JSON.stringify(unit.id)},[`)
  let bytes = 0
  let complete = true
  for (const history of histories)
    for await (const { value, appendedAt } of everyRecord(history)) {
      // Decoding every record of the log would take twenty times as long.
      const record = value.includes(needle) ? decodeRecord(value) : undefined
      if (record?.unit.kind !== unit.kind || record.unit.id !== unit.id) continue
      bytes += value.length
      if (records.length === recordsMax || bytes > bytesMax) complete = false
      else {
        const { receivedAt, ip, userAgent } = record
        records.push({ receivedAt, appendedAt, address: ip, userAgent, events: eventsOf(record).filter(isWhole) })
      }
    }
  return { records, complete }
}

/** Of a record that no collector of ours wrote an event may be anything; the worker counts it for nothing. */
function isWhole({ id, time, feature }: SentEvent): boolean {
  return typeof id === 'string' && Number.isFinite(new Date(time).getTime()) && typeof feature === 'string'
}

/** What is in the partition when the look begins. */
async function* everyRecord(history: PartitionHistory) {
  const { start, end: before } = await history.bounds()
  for (let from = start; from < before; ) {
    const { records } = await history.read(from, { ...readLimit, before })
    const last = records.at(-1)
    if (!last) return
    yield* records
    from = last.position + 1
    // Senders are answered in between.
    await new Promise((resolve) => setImmediate(resolve))
  }
}
