/**
 * Consuming one partition, exactly once: plan in the commit, store in one part with its mark, commit.
 *
 * 1. Commit N with the plan [N, M). A stale holder's commit is refused, so it cannot start.
 * 2. Run the batch, write its memory, look who has chosen meanwhile not to be counted (heeded-batch.ts), insert its cells
 *    and its mark as one part.
 * 3. The next batch's plan commits M; when there is no next batch, M is committed by itself.
 * On assignment a plan that was left is finished first: skipped if the mark says that it is stored, else stored.
 */

import type { Catalogue } from '../../shared/catalogue.ts'
import type { Clock } from '../../shared/clock.ts'
import { type Assignment, type LogRecord, StaleAssignmentError } from '../../shared/eventlog/port.ts'
import type { Gate } from '../../shared/gate.ts'
import type { Logger } from '../../shared/logger.ts'
import type { Metrics } from '../../shared/metrics.ts'
import type { Warehouse } from '../../shared/warehouse/port.ts'
import type { BatchRunner } from './batch.ts'
import { HeededBatch } from './heeded-batch.ts'
import { readPlan, writePlan } from './plan.ts'
import { type Block, readMark, type Stretch, storeAgain, storeBlock, TooManyCellsError } from './store.ts'
import type { Timing } from './timing.ts'

export interface ConsumeTools {
  readonly logId: string
  readonly catalogue: Catalogue
  readonly warehouse: Warehouse
  readonly runner: BatchRunner
  /** Held while a batch runs; closing an epoch waits for it. */
  readonly gate: Gate
  readonly clock: Clock
  readonly timing: Timing
  readonly metrics: Metrics
  readonly logger: Logger
  /** How long to wait for a small batch to grow, ms. */
  readonly lingerMs: number
  /** Told after each batch and each time the partition was found empty. */
  readonly onProgress: (progress: Progress) => void
}

/** How far a partition is. Times in ms since the Unix epoch. */
export interface Progress {
  partition: number
  /** Next position to read; everything before it is stored and committed. */
  position: number
  /** Records not yet stored. */
  lag: number
  /** Everything appended before this moment is in the tables. */
  freshTo: number
  /** No record appended before this moment is still to come: what closes windows. More careful than `freshTo`. */
  watermark: number
}

export const batchLimit = { records: 20_000, bytes: 8 * 1024 * 1024 }
const idleWaitMs = 500
/**
 * An append takes its time before it becomes visible (in Kafka until its replicas have it: replica.lag.time.max.ms is
 * 30 s); an empty partition is trusted only up to this long ago.
 */
const appendSlackMs = 40_000
const batchFullBytes = batchLimit.bytes / 4

/** Consumes until `signal` aborts; the batch that is running is finished. Rejects when it cannot go on. */
export async function consumePartition(
  assignment: Assignment,
  tools: ConsumeTools,
  signal: AbortSignal,
): Promise<void> {
  let { position, metadata } = await assignment.committed()
  const plan = readPlan(metadata)
  if (plan && plan.before > position) position = await finishPlan(assignment, tools, position, plan.before)
  let committed = position
  if (metadata !== '') await assignment.commit(position, '')
  while (!signal.aborted) {
    const askedAt = tools.clock.now()
    // With something still to commit there is no waiting: an idle partition must not look as if a batch were open.
    const { records, end } = await assignment.read(position, {
      ...batchLimit,
      waitMs: committed < position ? 0 : idleWaitMs,
    })
    if (records.length === 0) {
      if (committed < position) await assignment.commit(position, '')
      committed = position
      const idle = end <= position
      if (idle)
        tools.onProgress({
          partition: assignment.partition,
          position,
          lag: 0,
          freshTo: askedAt,
          watermark: askedAt - appendSlackMs,
        })
      // A gap that retention left: go on behind it.
      else position = end
      continue
    }
    const grown = await grow(assignment, tools, position, records, signal)
    position = await runBatch(assignment, tools, position, grown)
    committed = -1
    const last = grown.at(-1)?.appendedAt ?? 0
    tools.onProgress({
      partition: assignment.partition,
      position,
      lag: Math.max(0, end - position),
      freshTo: last,
      watermark: last,
    })
  }
  if (committed < position) await assignment.commit(position, '')
}

/** Waits a little for more when the batch is small: a part per event would cost far more than it is fresh. */
async function grow(
  assignment: Assignment,
  tools: ConsumeTools,
  position: number,
  records: LogRecord[],
  signal: AbortSignal,
): Promise<LogRecord[]> {
  const bytes = records.reduce((sum, { value }) => sum + value.length, 0)
  if (tools.lingerMs === 0 || signal.aborted || records.length >= batchLimit.records || bytes >= batchFullBytes)
    return records
  await tools.timing.sleep(tools.lingerMs)
  return (await assignment.read(position, { ...batchLimit, waitMs: 0 })).records
}

async function runBatch(
  assignment: Assignment,
  tools: ConsumeTools,
  from: number,
  records: readonly LogRecord[],
): Promise<number> {
  const { logId, catalogue, runner, metrics } = tools
  const before = (records.at(-1)?.position ?? from) + 1
  const stretch: Stretch = { logId, partition: assignment.partition, from, before }
  const stop = metrics.batchSeconds.startTimer()
  await assignment.commit(from, writePlan({ before, catalogueVersion: catalogue.version }))
  try {
    const events = await tools.gate.shared(async () => {
      const heeded = new HeededBatch(runner, records, stretch)
      await storeOnce(tools, () => blockNow(heeded, assignment), stretch)
      return heeded.tell()
    })
    metrics.batchEvents.observe(events)
    stop()
    return before
  } catch (error) {
    if (!(error instanceof TooManyCellsError) || records.length < 2) throw error
    tools.logger.info(
      { partition: assignment.partition, records: records.length },
      'too many cells for one part; taking half of the records',
    )
    return runBatch(assignment, tools, from, records.slice(0, Math.ceil(records.length / 2)))
  }
}

/** What may be stored at this moment. @throws StaleAssignmentError when it is another's to store */
async function blockNow(heeded: HeededBatch, assignment: Assignment): Promise<Block> {
  const { block } = await heeded.now()
  if (!assignment.isCurrent()) throw new StaleAssignmentError('the partition was handed over while its batch ran')
  return block
}

async function storeOnce(
  { warehouse, catalogue, logger }: ConsumeTools,
  now: () => Promise<Block>,
  stretch: Stretch,
): Promise<void> {
  const block = await now()
  try {
    await storeBlock(warehouse, catalogue, block, stretch)
  } catch (error) {
    logger.warn({ err: error, partition: stretch.partition }, 'an insert failed; looking whether it arrived')
    await storeAgain(warehouse, catalogue, now, stretch)
  }
}

/** Runs exactly [from, before) again, as the plan says, and stores it unless it is stored. Returns where to go on. */
async function finishPlan(assignment: Assignment, tools: ConsumeTools, from: number, before: number): Promise<number> {
  const records: LogRecord[] = []
  let next = from
  while (next < before) {
    const read = await assignment.read(next, { ...batchLimit, waitMs: 0, before })
    if (read.records.length === 0) break
    records.push(...read.records)
    next = (read.records.at(-1)?.position ?? next) + 1
  }
  const stretch: Stretch = { logId: tools.logId, partition: assignment.partition, from, before }
  tools.logger.info(
    { partition: assignment.partition, records: records.length },
    'finishing the batch that was planned before the restart',
  )
  return tools.gate.shared(async () => {
    const isStored = (await readMark(tools.warehouse, tools.logId, assignment.partition)) >= before - 1
    const heeded = new HeededBatch(tools.runner, records, stretch, isStored)
    try {
      // Stored or not, it is run: the process that died may have told nobody how many events of an import it had counted.
      await heeded.run()
    } catch (error) {
      if (!(error instanceof TooManyCellsError)) throw error
      // Such a plan was never stored, unless the catalogue has grown since.
      return isStored ? before : from
    }
    if (!isStored) await storeAgain(tools.warehouse, tools.catalogue, () => blockNow(heeded, assignment), stretch)
    heeded.tell()
    return before
  })
}
