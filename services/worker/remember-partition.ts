/**
 * What a partition's next batch has to know of the batches before: read from the key-value store, or made again from the
 * log where the store has lost it.
 */
import type { Assignment } from '../../shared/eventlog/port.ts'
import type { Gate } from '../../shared/gate.ts'
import type { KeyValue } from '../../shared/keyvalue/port.ts'
import type { Logger } from '../../shared/logger.ts'
import { createMetrics } from '../../shared/metrics.ts'
import { BatchRunner, type BatchTools } from './batch.ts'
import type { IdMemory } from './id-memory.ts'
import { ImportDays } from './import-days.ts'
import { KnownValues } from './known-values.ts'
import { Quarantine } from './quarantine.ts'
import { rebuildMemory } from './rebuild-memory.ts'

export interface RememberTools extends Omit<BatchTools, 'ids' | 'knownValues' | 'importDays' | 'quarantine'> {
  readonly keyValue: KeyValue
  readonly logId: string
  readonly gate: Gate
  readonly logger: Logger
}

/**
 * What runs the partition's batches, knowing all that those before the committed position left.
 * @throws StaleAssignmentError when the partition is to be left while its memory is being rebuilt
 */
export async function rememberPartition(
  assignment: Assignment,
  ids: IdMemory,
  tools: RememberTools,
  signal: AbortSignal,
): Promise<BatchRunner> {
  const { keyValue, logId, importTally } = tools
  const { partition } = assignment
  const knownValues = new KnownValues(keyValue, partition)
  const importDays = new ImportDays(keyValue, partition)
  const quarantine = new Quarantine(keyValue, logId, partition)
  await knownValues.load()
  await importDays.load()
  const memory = { ids, knownValues, importDays, quarantine }
  const { position } = await assignment.committed()
  if (await ids.isComplete()) {
    const { records } = await assignment.read(position, { records: 1, bytes: 1, waitMs: 0 })
    await ids.load(records[0]?.appendedAt)
  } else {
    Object.assign(importTally, { counted: 0, duplicate: 0, late: 0, bot: 0 })
    // What is run again was counted before, so nobody looks at these metrics.
    const runner = new BatchRunner({ ...tools, ...memory, metrics: createMetrics(false) })
    await rebuildMemory(assignment, position, { ...tools, runner }, signal)
    await ids.markComplete()
  }
  return new BatchRunner({ ...tools, ...memory })
}
