/** Entries of the key-value store. Blobs of event ids may be more than is to be read through: of those only the first. */
import type { KeyValue } from '../../shared/keyvalue/port.ts'
import { entryKinds } from '../../shared/retention/kinds-of-entries.ts'
import { eventIdsMs, quarantineMs } from '../../shared/retention/limits.ts'
import { oldestLiveId } from '../worker/id-memory.ts'
import { type KeptNow, type LookTools, oldestOf, until } from './kept-now.ts'

/** Whose entries are few and small, and tell no time. */
const countedOnly = ['known-values', 'seal-requests', 'rate-limits', 'dashboard', 'annotations', 'demo', 'progress']

export async function lookAtEntries(tools: LookTools): Promise<KeptNow[]> {
  const { keyValue } = tools
  const counted = new Map<string, KeptNow>()
  for (const kind of countedOnly) counted.set(kind, await countEntries(keyValue, kind))
  counted.set('event-ids', await lookAtEventIds(tools))
  counted.set('import-memory', await countEntries(keyValue, 'import-memory', ['import/']))
  counted.set('quarantine', await lookAtQuarantine(keyValue))
  return entryKinds.flatMap(({ id }) => counted.get(id) ?? [])
}

async function countEntries(
  keyValue: KeyValue,
  kind: string,
  prefixes = entryKinds.find(({ id }) => id === kind)?.places.entries ?? [],
): Promise<KeptNow> {
  let items = 0
  let bytes = 0
  for (const prefix of prefixes)
    for await (const [, value] of keyValue.scan(prefix)) {
      items++
      bytes += value.length
    }
  return { kind, items, bytes }
}

/** The first blob of each partition is the oldest: positions grow with time. */
async function lookAtEventIds({ keyValue, log: { logId, partitions } }: LookTools): Promise<KeptNow> {
  const storeId = (await keyValue.get('identity'))?.toString() ?? ''
  const times: number[] = []
  for (let partition = 0; partition < partitions; partition++)
    times.push((await oldestLiveId(keyValue, { storeId, logId, partition })) ?? Number.POSITIVE_INFINITY)
  return { kind: 'event-ids', ...until(oldestOf(times.filter(Number.isFinite)), eventIdsMs) }
}

async function lookAtQuarantine(keyValue: KeyValue): Promise<KeptNow> {
  let items = 0
  let bytes = 0
  let oldest: number | undefined
  for await (const [, value] of keyValue.scan('quarantine/')) {
    items++
    bytes += value.length
    const at = Date.parse((JSON.parse(value.toString()) as { appendedAt: string }).appendedAt)
    oldest = oldest === undefined ? at : Math.min(oldest, at)
  }
  return { kind: 'quarantine', items, bytes, ...until(oldest, quarantineMs) }
}
