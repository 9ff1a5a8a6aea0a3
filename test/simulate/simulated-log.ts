/** The event log of a simulation: durable whatever happens to processes, fenced by the epoch of each partition. */
import type { Random } from '../../services/command-line/demo-random.ts'
import {
  type Assignment,
  type Committed,
  type LogRecord,
  type ReadLimit,
  StaleAssignmentError,
} from '../../shared/eventlog/port.ts'
import type { Calls } from './calls.ts'
import type { Counts } from './counts.ts'
import type { VirtualTime } from './virtual-time.ts'

interface Partition {
  readonly records: LogRecord[]
  committed: Committed
  epoch: number
  waiting: (() => void)[]
}

/** A read gives any number of the records that are there, up to one of these: mostly few, for there to be many batches. */
const readRecordsMax = [1, 1, 2, 6]

export class SimulatedLog {
  readonly logId: string
  readonly partitions: number
  /** False: the log takes commits from whoever has been replaced. */
  isFencing = true
  /** True: a commit that was sent twice may take effect again after a later one, which the port rules out. */
  reordersCommits = false
  readonly #time: VirtualTime
  readonly #random: Random
  readonly #counts: Counts
  readonly #partitions: Partition[]

  constructor(logId: string, partitions: number, time: VirtualTime, random: Random, counts: Counts) {
    this.logId = logId
    this.partitions = partitions
    this.#time = time
    this.#random = random
    this.#counts = counts
    this.#partitions = Array.from({ length: partitions }, () => ({
      records: [],
      committed: { position: 0, metadata: '' },
      epoch: 0,
      waiting: [],
    }))
  }

  append(partition: number, value: Buffer): void {
    const { records, waiting } = this.#of(partition)
    records.push({ position: records.length, appendedAt: this.#time.now(), value })
    for (const wake of waiting.splice(0)) wake()
  }

  epochOf(partition: number): number {
    return this.#of(partition).epoch
  }

  /** From now on only a holder of the new epoch, which is returned, may commit. */
  handOver(partition: number): number {
    const of = this.#of(partition)
    of.epoch++
    for (const wake of of.waiting.splice(0)) wake()
    return of.epoch
  }

  /** Whether everything in it is committed, and no batch is planned. */
  get isConsumed(): boolean {
    return this.#partitions.every(
      ({ records, committed }) => committed.position === records.length && committed.metadata === '',
    )
  }

  /** For people: where each partition is. */
  toString(): string {
    return this.#partitions
      .map(({ records, committed, epoch }) => `${committed.position}/${records.length}@${epoch} ${committed.metadata}`)
      .join(', ')
  }

  /** @throws StaleAssignmentError when that epoch is over */
  check(partition: number, epoch: number): void {
    if (!this.isFencing || this.#of(partition).epoch === epoch) return
    this.#counts.note('stale calls refused')
    throw new StaleAssignmentError(`partition ${partition} has been handed over`)
  }

  committed(partition: number): Committed {
    return this.#of(partition).committed
  }

  commit(partition: number, position: number, metadata: string): void {
    if (metadata.length > 1024) throw new RangeError('the metadata of a commit is at most 1 KiB')
    if (metadata !== '') this.#counts.note('batches planned')
    this.#of(partition).committed = { position, metadata }
  }

  async read(
    partition: number,
    epoch: number,
    from: number,
    limit: ReadLimit,
  ): Promise<{ records: LogRecord[]; end: number }> {
    this.check(partition, epoch)
    const { records } = this.#of(partition)
    if (records.length <= from) await this.#grown(partition, limit.waitMs)
    this.check(partition, epoch)
    const count = Math.min(limit.records, this.#random.integer(1, this.#random.pick(readRecordsMax)))
    const before = Math.min(from + count, limit.before ?? Number.POSITIVE_INFINITY)
    return { records: records.slice(from, before), end: records.length }
  }

  #grown(partition: number, waitMs: number): Promise<void> {
    if (waitMs === 0) return Promise.resolve()
    return new Promise((resolve) => {
      const cancel = this.#time.after(waitMs, resolve)
      this.#of(partition).waiting.push(() => {
        cancel()
        resolve()
      })
    })
  }

  #of(partition: number): Partition {
    const found = this.#partitions[partition]
    if (!found) throw new RangeError(`no partition ${partition}`)
    return found
  }
}

/** One process's right to a partition. What it knows of its end is what it has been told. */
export class SimulatedAssignment implements Assignment {
  readonly partition: number
  readonly epoch: number
  readonly #log: SimulatedLog
  readonly #calls: Calls
  #wasRefused = false
  #commitsSent = 0
  #commitTaken = 0

  constructor(log: SimulatedLog, calls: Calls, partition: number, epoch: number) {
    this.#log = log
    this.#calls = calls
    this.partition = partition
    this.epoch = epoch
  }

  isCurrent(): boolean {
    return !this.#wasRefused
  }

  committed(): Promise<Committed> {
    return this.#call('log.committed', '', () => {
      this.#log.check(this.partition, this.epoch)
      return { ...this.#log.committed(this.partition) }
    })
  }

  commit(position: number, metadata: string): Promise<void> {
    const number = ++this.#commitsSent
    return this.#call(metadata === '' ? 'log.commit' : 'log.plan', `${position} ${metadata}`, () => {
      this.#log.check(this.partition, this.epoch)
      if (number < this.#commitTaken && !this.#log.reordersCommits) return
      this.#commitTaken = number
      this.#log.commit(this.partition, position, metadata)
    })
  }

  read(from: number, limit: ReadLimit): Promise<{ records: LogRecord[]; end: number }> {
    return this.#call('log.read', `${from}`, () => this.#log.read(this.partition, this.epoch, from, limit))
  }

  async #call<T>(
    kind: 'log.committed' | 'log.commit' | 'log.plan' | 'log.read',
    what: string,
    effect: () => T | Promise<T>,
  ) {
    try {
      return await this.#calls.make<T>(kind, `${this.partition}: ${what}`, effect)
    } catch (error) {
      if (error instanceof StaleAssignmentError) this.#wasRefused = true
      throw error
    }
  }
}
