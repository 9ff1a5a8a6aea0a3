/**
 * An event log in memory, for unit tests of what appends to one or reads from one. It keeps the port's order,
 * positions, append times and stale assignments; durability it has none, and nothing in it expires.
 */
import { randomUUID } from 'node:crypto'
import type { Clock } from '../../shared/clock.ts'
import {
  type AppendedAt,
  type AppendRecord,
  type Assignment,
  type AssignmentHandler,
  type Committed,
  type EventLog,
  type LogRecord,
  LogUnavailableError,
  type PartitionHistory,
  type ReadLimit,
  StaleAssignmentError,
} from '../../shared/eventlog/port.ts'

export class MemoryEventLog implements EventLog {
  readonly logId = randomUUID()
  readonly partitions: number
  /** While true, `append` rejects with `LogUnavailableError`. */
  unavailable = false
  /** While set, `append` waits for it before it takes effect. */
  gate: Promise<void> | undefined
  /** How often `append` was called. */
  appends = 0
  readonly #clock: Clock
  readonly #records: LogRecord[][]
  readonly #committed: Committed[]
  readonly #epochs: number[]
  #waiting: (() => void)[] = []
  #closed = false

  constructor(clock: Clock, partitions = 4) {
    this.#clock = clock
    this.partitions = partitions
    this.#records = Array.from({ length: partitions }, () => [])
    this.#committed = Array.from({ length: partitions }, () => ({ position: 0, metadata: '' }))
    this.#epochs = Array.from({ length: partitions }, () => 0)
  }

  async append(records: readonly AppendRecord[]): Promise<AppendedAt[]> {
    this.appends++
    await this.gate
    if (this.#closed) throw new Error('the log is closed')
    if (this.unavailable) throw new LogUnavailableError('the log was made unavailable by the test')
    const appended = records.map(({ partition, value }) => {
      const kept = this.#of(partition)
      const appendedAt = Math.max(this.#clock.now(), kept.at(-1)?.appendedAt ?? 0)
      kept.push({ position: kept.length, appendedAt, value })
      return { partition, position: kept.length - 1, appendedAt }
    })
    for (const wake of this.#waiting.splice(0)) wake()
    return appended
  }

  /** Hands every partition to `handler` at once; an earlier subscriber's assignments are stale from then on. */
  async subscribe(handler: AssignmentHandler): Promise<void> {
    for (let partition = 0; partition < this.partitions; partition++) {
      const epoch = (this.#epochs[partition] ?? 0) + 1
      this.#epochs[partition] = epoch
      handler.assigned(this.#assignment(partition, epoch))
    }
  }

  async history(): Promise<PartitionHistory[]> {
    return this.#records.map((records, partition) => ({
      partition,
      bounds: async () => ({ start: 0, end: records.length }),
      read: async (from, limit) => ({ records: upTo(limit, records.slice(from, limit.before)), end: records.length }),
      close: async () => undefined,
    }))
  }

  async expire(): Promise<number> {
    return 0
  }

  async bytes(): Promise<number> {
    return this.all().reduce((total, { value }) => total + value.length, 0)
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const wake of this.#waiting.splice(0)) wake()
  }

  /** Every record, partition by partition; for assertions. */
  all(): LogRecord[] {
    return this.#records.flat()
  }

  /** The records of one partition; for assertions. */
  recordsOf(partition: number): readonly LogRecord[] {
    return this.#of(partition)
  }

  #of(partition: number): LogRecord[] {
    const records = this.#records[partition]
    if (!records) throw new Error(`no partition ${partition}`)
    return records
  }

  #assignment(partition: number, epoch: number): Assignment {
    const isCurrent = (): boolean => !this.#closed && this.#epochs[partition] === epoch
    const check = (): void => {
      if (!isCurrent()) throw new StaleAssignmentError(`partition ${partition} has been handed over`)
    }
    return {
      partition,
      epoch,
      isCurrent,
      committed: async () => {
        check()
        return { ...(this.#committed[partition] as Committed) }
      },
      commit: async (position, metadata) => {
        check()
        this.#committed[partition] = { position, metadata }
      },
      read: async (from, limit) => {
        check()
        const records = this.#of(partition)
        if (from >= records.length) await this.#grown(limit.waitMs)
        check()
        return { records: upTo(limit, records.slice(from, limit.before)), end: records.length }
      },
    }
  }

  /** Resolves at the next append, at close, or after `waitMs`. */
  #grown(waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, waitMs)
      this.#waiting.push(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }
}

function upTo(limit: ReadLimit, records: LogRecord[]): LogRecord[] {
  let bytes = 0
  const taken: LogRecord[] = []
  for (const record of records) {
    if (taken.length >= limit.records || (taken.length > 0 && bytes + record.value.length > limit.bytes)) break
    taken.push(record)
    bytes += record.value.length
  }
  return taken
}
