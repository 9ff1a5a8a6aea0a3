/**
 * The worker: consumes every partition it is assigned, and looks after what has to end (windows, keys, raw records).
 */
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import type { Catalogue } from '../../shared/catalogue.ts'
import type { Clock } from '../../shared/clock.ts'
import { EpochKeys } from '../../shared/epoch-keys.ts'
import type { Assignment, EventLog } from '../../shared/eventlog/port.ts'
import { writeFreshness } from '../../shared/freshness.ts'
import { Gate } from '../../shared/gate.ts'
import { InTurn } from '../../shared/in-turn.ts'
import type { KeyValue } from '../../shared/keyvalue/port.ts'
import type { Logger } from '../../shared/logger.ts'
import type { Metrics } from '../../shared/metrics.ts'
import type { Warehouse } from '../../shared/warehouse/port.ts'
import { type EpochName, epochKinds, minuteMs } from '../../shared/window.ts'
import { BatchRunner } from './batch.ts'
import { type CloseTools, closeEpoch, dueEpochs, type EpochTimes, epochTimes } from './close-epochs.ts'
import { consumePartition, type Progress } from './consume.ts'
import { IdMemory } from './id-memory.ts'
import { ImportDays } from './import-days.ts'
import { KnownValues } from './known-values.ts'
import type { Locate } from './locate.ts'
import { Quarantine, readQuarantine } from './quarantine.ts'
import { applyRetention } from './retention.ts'
import { prepareTables } from './store.ts'

export interface WorkerDeps {
  readonly log: EventLog
  readonly keyValue: KeyValue
  readonly warehouse: Warehouse
  readonly catalogue: Catalogue
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: Metrics
  readonly locate: Locate
  readonly lingerMs: number
  /** Folder for scratch files that are rebuilt at start. */
  readonly scratchDir: string
  /** Called once when a partition can no longer be consumed: the process must end and start anew. */
  readonly onFatal: (error: unknown) => void
}

/** How often due ends are looked for; real time, for the looking itself is cheap. */
const lookEveryMs = 1000
const retentionEveryMs = 10 * minuteMs

export class Worker {
  readonly epochKeys: EpochKeys
  /** What became of imported lines since this worker started. */
  readonly importTally = { counted: 0, duplicate: 0, late: 0, bot: 0 }
  readonly #deps: WorkerDeps
  readonly #importDays: ImportDays
  readonly #gate = new Gate()
  readonly #stop = new AbortController()
  readonly #partitions = new Map<number, { memory: IdMemory; done: Promise<void>; stop: AbortController }>()
  readonly #progress = new Map<number, Progress>()
  #timer: NodeJS.Timeout | undefined
  readonly #upkeep = new InTurn()
  #upkeepWaits = false
  #retentionDone = Number.NEGATIVE_INFINITY

  constructor(deps: WorkerDeps) {
    this.#deps = deps
    this.epochKeys = new EpochKeys(deps.keyValue.secrets)
    this.#importDays = new ImportDays(deps.keyValue)
  }

  /** Prepares the tables and starts consuming. */
  async start(): Promise<void> {
    await mkdir(this.#deps.scratchDir, { recursive: true, mode: 0o700 })
    await prepareTables(this.#deps.warehouse, this.#deps.catalogue)
    await this.#importDays.load()
    await this.#deps.log.subscribe({
      assigned: (assignment) => this.#take(assignment),
      revoked: (partition) => this.#leave(partition),
    })
    this.#timer = setInterval(() => {
      if (this.#upkeepWaits) return
      this.maintain().catch((error) =>
        this.#deps.logger.error({ err: error }, 'upkeep failed; it is tried again in a second'),
      )
    }, lookEveryMs)
  }

  /** How far each partition is. */
  progress(): Progress[] {
    return [...this.#progress.values()].sort((a, b) => a.partition - b.partition)
  }

  /** Closes what is due and applies retention; runs every second by itself. Never twice at the same time. */
  async maintain(): Promise<void> {
    this.#upkeepWaits = true
    return this.#upkeep.run(() => {
      this.#upkeepWaits = false
      return this.#maintain()
    })
  }

  async #maintain(): Promise<void> {
    const { clock, keyValue, metrics, log, warehouse } = this.#deps
    const progress = this.progress()
    for (const { partition, freshTo } of progress) await writeFreshness(keyValue, partition, freshTo)
    // Every partition of the log must have been heard of: one that has not is behind by an unknown time.
    const watermark =
      progress.length < log.partitions ? Number.NEGATIVE_INFINITY : Math.min(...progress.map((one) => one.watermark))
    const tools = this.#closeTools()
    for (const due of await dueEpochs(tools, watermark)) await this.#gate.exclusive(() => closeEpoch(tools, due))
    if (clock.now() < this.#retentionDone + retentionEveryMs) return
    this.#retentionDone = clock.now()
    await applyRetention({ log, keyValue, warehouse, clock })
    metrics.logBytes.set(await log.bytes())
    metrics.tableBytes.set(await warehouse.tableBytes())
    metrics.quarantined.set((await readQuarantine(keyValue)).reduce((sum, { events }) => sum + events, 0))
    const living = await this.epochKeys.living()
    for (const kind of epochKinds)
      metrics.epochKeys.set({ kind }, living.filter(({ name }) => name.startsWith(kind)).length)
  }

  /** Closes an epoch now, by the operator's wish: later events of it are late. */
  async close(epoch: EpochName): Promise<void> {
    await this.#gate.exclusive(() => closeEpoch(this.#closeTools(), { name: epoch, overdue: false }))
  }

  /** Living epoch keys and when they go. */
  keyTimes(): Promise<EpochTimes[]> {
    return epochTimes({ epochKeys: this.epochKeys, importDays: this.#importDays })
  }

  /** Finishes the running batches, commits, and stops. */
  async drain(): Promise<void> {
    clearInterval(this.#timer)
    this.#stop.abort()
    await this.#upkeep.idle()
    await Promise.all([...this.#partitions.keys()].map((partition) => this.#leave(partition)))
  }

  #closeTools(): CloseTools {
    const { warehouse, catalogue, clock, metrics, logger } = this.#deps
    const forgetDay = async (day: string) => {
      for (const { memory } of this.#partitions.values()) await memory.forgetImports(day)
    }
    return {
      warehouse,
      catalogue,
      epochKeys: this.epochKeys,
      importDays: this.#importDays,
      clock,
      metrics,
      logger,
      forgetDay,
    }
  }

  #take(assignment: Assignment): void {
    const { partition } = assignment
    const { keyValue, log, scratchDir } = this.#deps
    const memory = new IdMemory({
      keyValue,
      epochKeys: this.epochKeys,
      logId: log.logId,
      partition,
      scratchDir: path.join(scratchDir, String(partition)),
    })
    const stop = new AbortController()
    const done = this.#consume(assignment, memory, stop.signal).catch((error) => {
      if (stop.signal.aborted) return
      this.#deps.logger.fatal(
        { err: error, partition },
        'this partition cannot be consumed any further; the process ends, nothing is lost',
      )
      this.#deps.onFatal(error)
    })
    this.#partitions.set(partition, { memory, done, stop })
  }

  async #consume(assignment: Assignment, memory: IdMemory, signal: AbortSignal): Promise<void> {
    const { keyValue, log, metrics, catalogue, locate, warehouse, clock, logger, lingerMs } = this.#deps
    const { partition } = assignment
    const knownValues = new KnownValues(keyValue, partition)
    const { position } = await assignment.committed()
    const { records } = await assignment.read(position, { records: 1, bytes: 1, waitMs: 0 })
    await memory.load(records[0]?.appendedAt)
    await knownValues.load()
    const quarantine = new Quarantine(keyValue, log.logId, partition)
    const runner = new BatchRunner({
      catalogue,
      ids: memory,
      epochKeys: this.epochKeys,
      knownValues,
      quarantine,
      importDays: this.#importDays,
      locate,
      metrics,
      importTally: this.importTally,
    })
    const onProgress = (progress: Progress) => {
      this.#progress.set(partition, progress)
      metrics.lagRecords.set({ partition: String(partition) }, progress.lag)
      metrics.freshnessSeconds.set(
        Math.max(0, clock.now() - Math.min(...this.progress().map(({ freshTo }) => freshTo))) / 1000,
      )
    }
    await consumePartition(
      assignment,
      {
        logId: log.logId,
        catalogue,
        warehouse,
        runner,
        clock,
        metrics,
        logger,
        lingerMs,
        gate: this.#gate,
        onProgress,
      },
      signal,
    )
  }

  async #leave(partition: number): Promise<void> {
    const held = this.#partitions.get(partition)
    if (!held) return
    this.#partitions.delete(partition)
    this.#progress.delete(partition)
    held.stop.abort()
    await held.done
    held.memory.close()
  }
}
