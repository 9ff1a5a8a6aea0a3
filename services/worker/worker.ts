/**
 * The worker: consumes every partition it is assigned, and looks after what has to end (windows, keys, raw records). Of
 * several workers one has the lease for that.
 */
import { mkdirSync } from 'node:fs'
import { EpochKeys } from '../../shared/epoch-keys.ts'
import { writeFreshness } from '../../shared/freshness.ts'
import { Gate } from '../../shared/gate.ts'
import { InTurn } from '../../shared/in-turn.ts'
import { KeyValueLostError, StoreIdentity } from '../../shared/keyvalue/identity.ts'
import { type Lease, soleLease } from '../../shared/lease.ts'
import { epochKeyMs } from '../../shared/retention/limits.ts'
import { isUnavailable } from '../../shared/unavailable.ts'
import { type EpochName, epochBounds, minuteMs, utcDay } from '../../shared/window.ts'
import { type CloseTools, closeEpoch, type DueEpoch, dueEpochs, type EpochTimes, epochTimes } from './close-epochs.ts'
import { announceClosing, type Closing, closingDone, closings, everyPartition, isHeeded } from './closing.ts'
import type { Progress } from './consume.ts'
import { DeletionUpkeep } from './enter-deletions.ts'
import { enterPolicy } from './enter-policy.ts'
import { HeldPartitions } from './held-partitions.ts'
import { noticeNewLog } from './notice-new-log.ts'
import { restoreEpochs } from './restore-epochs.ts'
import { RetentionUpkeep } from './retention-upkeep.ts'
import { allProgress, type ImportTally } from './shared-progress.ts'
import { prepareTables } from './store.ts'
import { systemTiming, type Timing } from './timing.ts'
import type { WorkerDeps } from './worker-deps.ts'

/** How often due ends are looked for; real time, for the looking itself is cheap. */
const lookEveryMs = 1000
/** An epoch whose deadline has come closes in the end even if a partition has nobody who could agree. */
const heedMsMax = 5 * minuteMs

export class Worker {
  readonly epochKeys: EpochKeys
  readonly #deps: WorkerDeps
  #policyEntered = false
  readonly #lease: Lease
  readonly #identity: StoreIdentity
  readonly #gate = new Gate()
  readonly #stop = new AbortController()
  readonly #held: HeldPartitions
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
    const { epochKeys } = this
    this.#held = new HeldPartitions({
      ...{ deps, epochKeys, identity: this.#identity, gate: this.#gate },
      heed: () => this.#heedClosings(),
      heeded: () => this.#heeded,
    })
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
      assigned: (assignment) => this.#held.take(assignment),
      revoked: (partition) => this.#held.leave(partition),
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
    return this.#held.progress()
  }

  /** What became of imported lines in this worker's partitions. */
  get importTally(): ImportTally {
    return this.#held.importTally
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
    await this.#held.tell()
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
    if (await this.#heedClosings()) await this.#held.tell()
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
        await this.#held.forgetImports(epochBounds(name).start)
      }
      this.#heeded = closing
    })
    return isNew
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
    await this.#held.leaveAll()
    // Another worker would wait for its end otherwise; if the store is away, it has to.
    await this.#lease.release().catch(() => undefined)
  }

  #closeTools(): CloseTools {
    const { warehouse, catalogue, clock, metrics, logger, keyValue } = this.#deps
    return { warehouse, catalogue, epochKeys: this.epochKeys, keyValue, clock, metrics, logger }
  }
}
