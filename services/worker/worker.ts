/**
 * The worker: consumes every partition it is assigned, and looks after what has to end (windows, keys, raw records). Of
 * several workers one has the lease for that.
 */
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import type { Catalogue } from '../../shared/catalogue.ts'
import type { ChoiceBook } from '../../shared/choices/choice-book.ts'
import { LeftOut } from '../../shared/choices/left-out.ts'
import type { Clock } from '../../shared/clock.ts'
import { EpochKeys } from '../../shared/epoch-keys.ts'
import { type Assignment, type EventLog, StaleAssignmentError } from '../../shared/eventlog/port.ts'
import { writeFreshness } from '../../shared/freshness.ts'
import { Gate } from '../../shared/gate.ts'
import { InTurn } from '../../shared/in-turn.ts'
import { KeyValueLostError, StoreIdentity } from '../../shared/keyvalue/identity.ts'
import type { KeyValue } from '../../shared/keyvalue/port.ts'
import { type Lease, soleLease } from '../../shared/lease.ts'
import type { Ledger } from '../../shared/ledger/port.ts'
import type { Logger } from '../../shared/logger.ts'
import type { Metrics } from '../../shared/metrics.ts'
import type { Policy } from '../../shared/policy/policy.ts'
import { epochKeyMs } from '../../shared/retention/limits.ts'
import { isUnavailable } from '../../shared/unavailable.ts'
import type { Warehouse } from '../../shared/warehouse/port.ts'
import { type EpochName, epochBounds, minuteMs, utcDay } from '../../shared/window.ts'
import type { KeptNow } from '../retention/kept-now.ts'
import { type CloseTools, closeEpoch, type DueEpoch, dueEpochs, type EpochTimes, epochTimes } from './close-epochs.ts'
import { announceClosing, type Closing, closingDone, closings, everyPartition, isHeeded } from './closing.ts'
import { consumePartition, type Progress } from './consume.ts'
import { DeletionUpkeep } from './enter-deletions.ts'
import { enterPolicy } from './enter-policy.ts'
import { IdMemory } from './id-memory.ts'
import type { Locate } from './locate.ts'
import { noticeNewLog } from './notice-new-log.ts'
import { rememberPartition } from './remember-partition.ts'
import { restoreEpochs } from './restore-epochs.ts'
import { RetentionUpkeep } from './retention-upkeep.ts'
import type { Sealer } from './seal/sealer.ts'
import {
  addTallies,
  allProgress,
  type ImportTally,
  type ToldProgress,
  tellProgress,
  toldProgress,
} from './shared-progress.ts'
import { prepareTables } from './store.ts'
import { systemTiming, type Timing } from './timing.ts'

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
  /** Who of several workers closes epochs and applies retention. Without: this one, being the only one. */
  readonly upkeepLease?: Lease
  /** Makes the releases of days before they close. Without: nothing is released. */
  readonly sealer?: Sealer
  /** Whose records are left out. Without: nobody's. */
  readonly choices?: ChoiceBook
  /** Has an entry for each deletion and each version of the policy. */
  readonly ledger?: Ledger
  /** Which is told to senders. Without: none is entered in the ledger. */
  readonly policy?: Policy
  /** What is kept, for metrics. Without: it is not measured. */
  readonly lookAtRetention?: () => Promise<readonly KeptNow[]>
  /** Without: real time. */
  readonly timing?: Timing
  /** Most live event ids held in memory, per partition. */
  readonly memoryIdsMax?: number
  /** Units whose keyed hashes are kept from one batch to the next, per partition. */
  readonly cachedUnitsMax?: number
}

/** How often due ends are looked for; real time, for the looking itself is cheap. */
const lookEveryMs = 1000
const waitMsMin = 250
const waitMsMax = 5000
/** An epoch whose deadline has come closes in the end even if a partition has nobody who could agree. */
const heedMsMax = 5 * minuteMs

/** A partition that this worker has. */
interface Held {
  readonly assignment: Assignment
  readonly stop: AbortController
  /** Settles when it has been left, whatever happened. */
  done: Promise<void>
  memory: IdMemory | undefined
  progress: Progress | undefined
  tally: ImportTally
  /** How often in a row a server was away. */
  failures: number
}

export class Worker {
  readonly epochKeys: EpochKeys
  readonly #deps: WorkerDeps
  #policyEntered = false
  readonly #lease: Lease
  readonly #identity: StoreIdentity
  readonly #gate = new Gate()
  readonly #stop = new AbortController()
  readonly #held = new Map<number, Held>()
  /** Epochs that this worker counts into no more, because they are being closed. */
  #heeded: readonly EpochName[] = []
  readonly #timing: Timing
  #stopLooking: (() => void) | undefined
  readonly #upkeep = new InTurn()
  #upkeepWaits = false
  readonly #retention: RetentionUpkeep
  readonly #deletions: DeletionUpkeep

  constructor(deps: WorkerDeps) {
    this.#deps = deps
    this.epochKeys = new EpochKeys(deps.keyValue.secrets)
    this.#lease = deps.upkeepLease ?? soleLease
    this.#timing = deps.timing ?? systemTiming
    this.#deletions = new DeletionUpkeep(deps)
    this.#retention = new RetentionUpkeep({ ...deps, epochKeys: this.epochKeys })
    this.#identity = new StoreIdentity(deps.keyValue, () => restoreEpochs({ ...deps, epochKeys: this.epochKeys }))
  }

  /** Prepares the tables and starts consuming. */
  async start(): Promise<void> {
    mkdirSync(this.#deps.scratchDir, { recursive: true, mode: 0o700 })
    await prepareTables(this.#deps.warehouse, this.#deps.catalogue)
    await noticeNewLog(this.#deps.warehouse, this.#deps.log.logId, this.#deps.logger)
    await this.#deps.sealer?.start()
    await this.#identity.check()
    await this.#heedClosings()
    await this.#deps.log.subscribe({
      assigned: (assignment) => this.#take(assignment),
      revoked: (partition) => this.#leave(partition),
    })
    this.#stopLooking = this.#timing.every(lookEveryMs, () => {
      if (this.#upkeepWaits) return
      this.maintain().catch((error) => {
        if (error instanceof KeyValueLostError) return this.#deps.onFatal(error)
        // That a server is away, the partitions say.
        const level = isUnavailable(error) ? 'debug' : 'error'
        this.#deps.logger[level]({ err: error }, 'upkeep failed; it is tried again in a second')
      })
    })
  }

  /** How far each partition of this worker is. */
  progress(): Progress[] {
    const told = [...this.#held.values()].flatMap(({ progress }) => progress ?? [])
    return told.sort((a, b) => a.partition - b.partition)
  }

  /** What became of imported lines in this worker's partitions. */
  get importTally(): ImportTally {
    return addTallies([...this.#held.values()].map(({ tally }) => tally))
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
    await this.#identity.check()
    await this.#heedClosings()
    for (const { partition, freshTo } of this.progress()) await writeFreshness(this.#deps.keyValue, partition, freshTo)
    await this.#tellProgress()
    if (!(await this.#lease.hold())) return this.#retention.rest()
    await this.#retention.watchKeys()
    await this.#lookAfter().catch((error) => {
      this.#retention.failed()
      throw error
    })
  }

  /** What the one worker does that has the lease. */
  async #lookAfter(): Promise<void> {
    await this.#closeDue()
    await this.#deps.sealer?.publish()
    await this.#deletions.enter()
    await this.#retention.run()
    // Raw records that are held beyond their time are still to be left out.
    if ((await this.#retention.held()).raw.length === 0) await this.#deletions.forget()
    await this.#enterPolicy()
  }

  async #enterPolicy(): Promise<void> {
    const { policy, ledger, logger } = this.#deps
    if (!policy || !ledger || this.#policyEntered) return
    const problem = await enterPolicy(policy, ledger)
    if (problem !== undefined) logger.error(problem)
    this.#policyEntered = true
  }

  async #closeDue(): Promise<void> {
    const { keyValue, log, clock } = this.#deps
    const tools = this.#closeTools()
    const told = await allProgress(keyValue, log.logId)
    const watermark = everyPartition(told, log.partitions)
      ? Math.min(...told.map(({ watermark }) => watermark))
      : Number.NEGATIVE_INFINITY
    const known = new Set((await closings(keyValue)).map(({ name }) => name))
    const due = [...(await dueEpochs(tools, watermark)), ...(await this.#daysToRelease(watermark))]
    for (const one of due) if (!known.has(one.name)) await announceClosing(keyValue, one, clock.now())
    // What this worker announced, or an operator did, it need not wait a round to heed itself.
    if (await this.#heedClosings()) await this.#tellProgress()
    for (const closing of await closings(keyValue)) {
      if (!(await this.#mayClose(closing)) || !(await this.#lease.hold())) continue
      if (!(await this.#isReleased(closing))) continue
      await closeEpoch(tools, closing)
      await closingDone(keyValue, closing.name)
    }
  }

  /** A day that is over has a release whether or not anything was counted in it. */
  async #daysToRelease(watermark: number): Promise<DueEpoch[]> {
    const days = (await this.#deps.sealer?.daysWithoutRelease(watermark)) ?? []
    return days.map((day) => ({ name: `day:${day}`, overdue: false }))
  }

  /** A day's key goes when its release has been drawn, or cannot be any more. */
  async #isReleased({ name, overdue }: Closing): Promise<boolean> {
    const { sealer, clock } = this.#deps
    if (!sealer || !name.startsWith('day:')) return true
    const known = (await this.keyTimes()).find((one) => one.name === name)
    const { start, end } = epochBounds(name)
    return sealer.letsClose(utcDay(start), overdue || clock.now() >= (known?.deadline ?? end + epochKeyMs))
  }

  async #mayClose({ name, overdue, since }: Closing): Promise<boolean> {
    const { keyValue, log, clock } = this.#deps
    if (isHeeded(name, await allProgress(keyValue, log.logId), log.partitions)) return true
    return overdue && clock.now() >= since + heedMsMax
  }

  /** Stops using the keys of epochs that are being closed, between two batches. True if there is a new one. */
  async #heedClosings(): Promise<boolean> {
    const closing = (await closings(this.#deps.keyValue)).map(({ name }) => name)
    const isNew = closing.some((name) => !this.#heeded.includes(name))
    const isOver = this.#heeded.some((name) => !closing.includes(name))
    if (!isNew && !isOver) return false
    await this.#gate.exclusive(async () => {
      this.epochKeys.refuse(closing)
      for (const name of closing) {
        if (this.#heeded.includes(name) || !name.startsWith('day:')) continue
        const day = utcDay(epochBounds(name).start)
        for (const { memory } of this.#held.values()) await memory?.forgetImports(day)
      }
      this.#heeded = closing
    })
    return isNew
  }

  async #tellProgress(): Promise<void> {
    const { keyValue, log } = this.#deps
    for (const { assignment, progress, tally } of this.#held.values()) {
      if (!progress || !assignment.isCurrent()) continue
      const told = { ...progress, logId: log.logId, epoch: assignment.epoch, heeded: this.#heeded, tally }
      await tellProgress(keyValue, told)
    }
  }

  /**
   * Closes an epoch now, by the operator's wish: later events of it are late. Resolves when it has closed, which needs
   * the workers of all partitions.
   */
  async close(name: EpochName): Promise<void> {
    await announceClosing(this.#deps.keyValue, { name, overdue: false }, this.#deps.clock.now())
    while (!(await this.epochKeys.isClosed(name))) {
      if (this.#stop.signal.aborted) throw new Error(`the worker stopped before ${name} had closed; it closes later`)
      await this.maintain()
    }
  }

  /** Living epoch keys and when they go. */
  keyTimes(): Promise<EpochTimes[]> {
    return epochTimes({ epochKeys: this.epochKeys, keyValue: this.#deps.keyValue })
  }

  /** Finishes the running batches, commits, and stops. */
  async drain(): Promise<void> {
    this.#stopLooking?.()
    this.#stop.abort()
    await this.#upkeep.idle()
    await this.#deps.sealer?.stop()
    await Promise.all([...this.#held.keys()].map((partition) => this.#leave(partition)))
    // Another worker would wait for its end otherwise; if the store is away, it has to.
    await this.#lease.release().catch(() => undefined)
  }

  #closeTools(): CloseTools {
    const { warehouse, catalogue, clock, metrics, logger, keyValue } = this.#deps
    return { warehouse, catalogue, epochKeys: this.epochKeys, keyValue, clock, metrics, logger }
  }

  #take(assignment: Assignment): void {
    const { partition } = assignment
    const before = this.#held.get(partition)
    before?.stop.abort()
    const tally = { counted: 0, duplicate: 0, late: 0, bot: 0 }
    const held: Held = {
      assignment,
      stop: new AbortController(),
      done: Promise.resolve(),
      memory: undefined,
      progress: undefined,
      tally,
      failures: 0,
    }
    this.#held.set(partition, held)
    held.done = this.#hold(held, before?.done)
  }

  /** Consumes until it is told to stop. Never rejects. */
  async #hold(held: Held, before: Promise<void> | undefined): Promise<void> {
    const { partition } = held.assignment
    // The same partition, given back: its scratch files must be free again.
    await before
    try {
      while (!held.stop.signal.aborted) await this.#consumeOnce(held)
    } catch (error) {
      if (held.stop.signal.aborted) return
      if (error instanceof StaleAssignmentError) {
        this.#deps.logger.info({ partition }, 'this partition has been handed to another worker')
        return
      }
      this.#deps.logger.fatal(
        { err: error, partition },
        'this partition cannot be consumed any further; the process ends, nothing is lost',
      )
      this.#deps.onFatal(error)
    } finally {
      held.memory?.close()
      if (this.#held.get(partition) === held) this.#held.delete(partition)
    }
  }

  /**
   * Consumes until it is told to stop or a server goes away. Then it waits, with nothing in its hands, and the next time
   * goes on from the last commit, as after a restart: whatever had been asked of the server is looked at first.
   */
  async #consumeOnce(held: Held): Promise<void> {
    try {
      await this.#consume(held)
      held.failures = 0
    } catch (error) {
      if (!isUnavailable(error) || held.stop.signal.aborted) throw error
      held.memory?.close()
      held.memory = undefined
      const waitMs = Math.min(waitMsMax, waitMsMin * 2 ** held.failures++)
      this.#deps.logger.warn(
        { err: error, partition: held.assignment.partition, waitMs },
        'a server is away; the partition waits, nothing is lost',
      )
      await this.#pause(waitMs, held.stop.signal)
    }
  }

  /** Waits, or less when the signal aborts. */
  async #pause(waitMs: number, signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const goOn = () => {
        signal.removeEventListener('abort', goOn)
        resolve()
      }
      signal.addEventListener('abort', goOn)
      void this.#timing.sleep(waitMs).then(goOn)
    })
  }

  async #consume(held: Held): Promise<void> {
    const { keyValue, log, metrics, catalogue, locate, warehouse, clock, logger, lingerMs, scratchDir } = this.#deps
    const { memoryIdsMax, cachedUnitsMax } = this.#deps
    const { epochKeys } = this
    const { assignment, tally } = held
    const { partition } = assignment
    await this.#speakFor(held)
    const memory = new IdMemory({
      ...{ keyValue, epochKeys, logId: log.logId, partition, memoryIdsMax },
      storeId: await this.#identity.check(),
      checkStore: () => this.#identity.check(),
      scratchDir: path.join(scratchDir, String(partition)),
    })
    held.memory = memory
    const leftOut = new LeftOut(this.#deps.choices)
    const pipeline = { catalogue, leftOut, epochKeys, locate, cachedUnitsMax, importTally: tally, timing: this.#timing }
    const remembering = { ...pipeline, keyValue, logId: log.logId, gate: this.#gate, metrics, logger }
    const runner = await rememberPartition(assignment, memory, remembering, held.stop.signal)
    const onProgress = (progress: Progress) => {
      held.failures = 0
      held.progress = progress
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
        timing: this.#timing,
        metrics,
        logger,
        lingerMs,
        gate: this.#gate,
        onProgress,
      },
      held.stop.signal,
    )
  }

  /**
   * From now on this worker speaks for the partition. What its last worker knew holds still: how far it had come, and the
   * tally; but which closing epochs are heeded is this worker's to say, and it must know them before its first batch.
   */
  async #speakFor(held: Held): Promise<void> {
    const { keyValue, log } = this.#deps
    const { partition, epoch } = held.assignment
    await this.#heedClosings()
    const told = await toldProgress(keyValue, log.logId, partition)
    if (!told) return
    Object.assign(held.tally, told.tally)
    const ours: ToldProgress = { ...told, epoch, heeded: this.#heeded }
    if (!(await tellProgress(keyValue, ours))) throw new StaleAssignmentError('a later holder has the partition')
  }

  async #leave(partition: number): Promise<void> {
    const held = this.#held.get(partition)
    if (!held) return
    held.stop.abort()
    await held.done
    if (this.#held.get(partition) === held) this.#held.delete(partition)
  }
}
