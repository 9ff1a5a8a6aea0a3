/**
 * What a partition remembers (ids seen, values let in, days of imports, quarantine), made again from the log: every
 * record that is still there and was counted before is run once more, and its cells are thrown away. Needed when the
 * key-value store has lost it; the log has raw records for three times as long as an event can be sent again.
 */
import { type Assignment, type LogRecord, StaleAssignmentError } from '../../shared/eventlog/port.ts'
import type { Gate } from '../../shared/gate.ts'
import type { Logger } from '../../shared/logger.ts'
import type { BatchRunner } from './batch.ts'
import { batchLimit } from './consume.ts'
import { HeededBatch } from './heeded-batch.ts'
import { TooManyCellsError } from './store.ts'
import type { Timing } from './timing.ts'

const tellEveryMs = 10_000

export interface RebuildTools {
  readonly logId: string
  /** One whose metrics nobody looks at: what it runs was counted before. */
  readonly runner: BatchRunner
  /** Held while a batch runs; closing an epoch waits for it. */
  readonly gate: Gate
  readonly timing: Timing
  readonly logger: Logger
}

/**
 * Runs everything in the partition before the position `before`.
 * @throws StaleAssignmentError when the partition has been handed over meanwhile, or is to be left
 */
export async function rebuildMemory(
  assignment: Assignment,
  before: number,
  tools: RebuildTools,
  signal: AbortSignal,
): Promise<void> {
  const { partition } = assignment
  const { logger, timing } = tools
  let [next, told, records] = [0, timing.elapsedMs(), 0]
  while (next < before) {
    if (signal.aborted || !assignment.isCurrent())
      throw new StaleAssignmentError('the partition is to be left while its memory is being rebuilt')
    const read = await assignment.read(next, { ...batchLimit, waitMs: 0, before })
    if (read.records.length === 0) break
    await runAll(read.records, partition, tools)
    next = (read.records.at(-1)?.position ?? next) + 1
    records += read.records.length
    if (timing.elapsedMs() < told + tellEveryMs) continue
    told = timing.elapsedMs()
    logger.info({ partition, position: next, of: before }, 'rebuilding from the log what was remembered')
  }
  if (records > 0)
    logger.warn(
      { partition, records },
      'the key-value store did not have what this partition remembers; it has been rebuilt from the log',
    )
}

async function runAll(records: readonly LogRecord[], partition: number, tools: RebuildTools): Promise<void> {
  const from = records[0]?.position ?? 0
  const before = (records.at(-1)?.position ?? from) + 1
  try {
    await tools.gate.shared(async () => {
      // Nothing is remembered of those who have chosen since not to be counted.
      const heeded = new HeededBatch(tools.runner, records, { logId: tools.logId, partition, from, before })
      await heeded.now()
      heeded.tell()
    })
  } catch (error) {
    if (!(error instanceof TooManyCellsError) || records.length < 2) throw error
    const half = Math.ceil(records.length / 2)
    await runAll(records.slice(0, half), partition, tools)
    await runAll(records.slice(half), partition, tools)
  }
}
