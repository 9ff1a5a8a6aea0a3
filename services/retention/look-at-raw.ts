/** Raw records, and who has chosen what. */
import type { PartitionHistory } from '../../shared/eventlog/port.ts'
import { deletionMs, rawRetentionMs } from '../../shared/retention/limits.ts'
import { type KeptNow, type LookTools, oldestOf, until } from './kept-now.ts'

const firstRecord = { records: 1, bytes: 1, waitMs: 0 }

/** Counted by positions, of which some logs leave gaps. */
export async function lookAtRaw({ log }: LookTools): Promise<KeptNow> {
  const histories = await log.history()
  try {
    const found = await Promise.all(histories.map(lookAtPartition))
    return {
      kind: 'raw-records',
      items: found.reduce((sum, { items }) => sum + items, 0),
      bytes: await log.bytes(),
      ...until(oldestOf(found.flatMap(({ oldestAt }) => oldestAt ?? [])), rawRetentionMs),
    }
  } finally {
    for (const history of histories) await history.close()
  }
}

async function lookAtPartition(history: PartitionHistory): Promise<{ items: number; oldestAt: number | undefined }> {
  const { start, end } = await history.bounds()
  if (start >= end) return { items: 0, oldestAt: undefined }
  const { records } = await history.read(start, firstRecord)
  return { items: end - start, oldestAt: records[0]?.appendedAt }
}

export function lookAtChoices({ choices }: LookTools): KeptNow[] {
  if (!choices) return []
  const all = [...choices.choices.all()]
  const deletions = all.filter(({ act }) => act === 'deletion')
  const others = all.filter(({ act }) => act !== 'deletion')
  const oldest = (made: typeof all) => oldestOf(made.map(({ at }) => at))
  const oldestOther = oldest(others)
  return [
    { kind: 'choices', items: others.length, ...(oldestOther !== undefined && { oldestAt: oldestOther }) },
    { kind: 'deletions', items: deletions.length, ...until(oldest(deletions), deletionMs) },
  ]
}
