/** The partitions that a worker has: each is consumed from when it is given until it is taken away. */
import path from 'node:path'
import { LeftOut } from '../../shared/choices/left-out.ts'
import type { EpochKeys } from '../../shared/epoch-keys.ts'
import { type Assignment, StaleAssignmentError } from '../../shared/eventlog/port.ts'
import type { Gate } from '../../shared/gate.ts'
import type { StoreIdentity } from '../../shared/keyvalue/identity.ts'
import { isUnavailable } from '../../shared/unavailable.ts'
import { type EpochName, utcDay } from '../../shared/window.ts'
import { consumePartition, type Progress } from './consume.ts'
import { IdMemory } from './id-memory.ts'
import { rememberPartition } from './remember-partition.ts'
import { addTallies, type ImportTally, type ToldProgress, tellProgress, toldProgress } from './shared-progress.ts'
import { systemTiming, type Timing } from './timing.ts'
import type { WorkerDeps } from './worker-deps.ts'

const waitMsMin = 250
const waitMsMax = 5000

export interface HeldPartitionsOptions {
  readonly deps: WorkerDeps
  readonly epochKeys: EpochKeys
  readonly identity: StoreIdentity
  /** Batches run inside it; whoever has it alone knows that none does. */
  readonly gate: Gate
  /** Stops using the keys of epochs that are being closed. */
  readonly heed: () => Promise<unknown>
  /** Which these are now. */
  readonly heeded: () => readonly EpochName[]
}

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

export class HeldPartitions {
  readonly #deps: WorkerDeps
  readonly #options: HeldPartitionsOptions
  readonly #timing: Timing
  readonly #held = new Map<number, Held>()

  constructor(options: HeldPartitionsOptions) {
    this.#options = options
    this.#deps = options.deps
    this.#timing = options.deps.timing ?? systemTiming
  }

  /** How far each of them is. */
  progress(): Progress[] {
    const told = [...this.#held.values()].flatMap(({ progress }) => progress ?? [])
    return told.sort((a, b) => a.partition - b.partition)
  }

  /** What became of imported lines in them. */
  get importTally(): ImportTally {
    return addTallies([...this.#held.values()].map(({ tally }) => tally))
  }

  /** Forgets the ids of lines of a day, which were imported; when no batch runs. @param day start; ms since the Unix epoch */
  async forgetImports(day: number): Promise<void> {
    for (const { memory } of this.#held.values()) await memory?.forgetImports(utcDay(day))
  }

  /** Tells the other workers how far they are, and which closing epochs are heeded. */
  async tell(): Promise<void> {
    const { keyValue, log } = this.#deps
    for (const { assignment, progress, tally } of this.#held.values()) {
      if (!progress || !assignment.isCurrent()) continue
      const heeded = this.#options.heeded()
      await tellProgress(keyValue, { ...progress, logId: log.logId, epoch: assignment.epoch, heeded, tally })
    }
  }

  /** From now on it is consumed; what is left of an earlier holding of it ends first. */
  take(assignment: Assignment): void {
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
    const { epochKeys, identity, gate } = this.#options
    const { assignment, tally } = held
    const { partition } = assignment
    await this.#speakFor(held)
    const memory = new IdMemory({
      ...{ keyValue, epochKeys, logId: log.logId, partition, memoryIdsMax },
      storeId: await identity.check(),
      checkStore: () => identity.check(),
      scratchDir: path.join(scratchDir, String(partition)),
    })
    held.memory = memory
    const leftOut = new LeftOut(this.#deps.choices)
    const pipeline = { catalogue, leftOut, epochKeys, locate, cachedUnitsMax, importTally: tally, timing: this.#timing }
    const remembering = { ...pipeline, keyValue, logId: log.logId, gate, metrics, logger }
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
        gate,
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
    await this.#options.heed()
    const told = await toldProgress(keyValue, log.logId, partition)
    if (!told) return
    Object.assign(held.tally, told.tally)
    const ours: ToldProgress = { ...told, epoch, heeded: this.#options.heeded() }
    if (!(await tellProgress(keyValue, ours))) throw new StaleAssignmentError('a later holder has the partition')
  }

  /** Resolves when its last batch has been committed or given up. */
  async leave(partition: number): Promise<void> {
    const held = this.#held.get(partition)
    if (!held) return
    held.stop.abort()
    await held.done
    if (this.#held.get(partition) === held) this.#held.delete(partition)
  }

  async leaveAll(): Promise<void> {
    await Promise.all([...this.#held.keys()].map((partition) => this.leave(partition)))
  }
}
