/** Where the collector puts records: into the event log, or, while that is away, into a spool that goes there later. */
import type { Unit } from '../../shared/event.ts'
import type { EventLog, PartitionHistory } from '../../shared/eventlog/port.ts'
import type { UnitHash } from './partition.ts'

export interface SinkRecord {
  readonly unit: Unit
  readonly value: Buffer
}

export interface EventSink {
  /** Resolves once every record is durable. @throws LogUnavailableError when it cannot be made so now */
  append(records: readonly SinkRecord[]): Promise<void>
  /** To read what is in the log. The caller closes each. @throws LogUnavailableError */
  history(): Promise<PartitionHistory[]>
  /** `ok`, or why no record can be taken. */
  readiness(): string
  /** Waits for running appends, and releases what the sink itself opened. */
  close(): Promise<void>
}

/** Straight into the event log, a unit always into the same partition. */
export class LogSink implements EventSink {
  readonly #log: EventLog
  readonly #unitHash: UnitHash

  constructor(log: EventLog, unitHash: UnitHash) {
    this.#log = log
    this.#unitHash = unitHash
  }

  async append(records: readonly SinkRecord[]): Promise<void> {
    const { partitions } = this.#log
    // With one partition there is nothing to choose; the hash would be a tenth of the collector's work.
    const choose = partitions === 1 ? () => 0 : (unit: Unit) => this.#unitHash(unit) % partitions
    await this.#log.append(records.map(({ unit, value }) => ({ partition: choose(unit), value })))
  }

  history(): Promise<PartitionHistory[]> {
    return this.#log.history()
  }

  readiness(): string {
    return 'ok'
  }

  async close(): Promise<void> {}
}
