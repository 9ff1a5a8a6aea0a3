/**
 * The event log: the durable, ordered, partitioned store of raw records between collector and worker.
 *
 * Guarantees every adapter gives, and that test/contract/event-log.ts checks:
 * - **Durable append.** `append` resolves only after every record it was given would survive a crash of the process
 *   and of the machine. If it rejects, any subset of the records may or may not be in the log; senders retry and the
 *   worker removes duplicates by event id.
 * - **Order and positions.** Within a partition records have positions 0, 1, 2, … without reuse; a read gives them
 *   in that order. Positions may have gaps on some adapters; code must use the positions it is given.
 * - **Append time.** `appendedAt` is set by the log, never by the sender, and does not decrease within a partition.
 * - **Commit with metadata.** A consumer commits a position (the next one to read) and a short metadata string in one
 *   atomic, durable write. A commit made with an assignment that has since been handed over is refused with
 *   `StaleAssignmentError`; its holder must stop at once. Commits of one assignment take effect in the order in which
 *   they were called, if at all: an adapter that sends one again must not let it overtake, or be overtaken by, another.
 * - **Retention.** A record is unreadable, and its bytes are gone from every file, at the latest 72 h + 2 h after
 *   `appendedAt`, whether or not it was consumed.
 * - **Identity.** `logId` is drawn at random when the log is created (a Kafka topic's id): positions of one log mean
 *   nothing in another.
 */
export interface EventLog {
  readonly logId: string
  /** Number of partitions that new records are spread over. */
  readonly partitions: number
  /** Appends records durably; the result has the position of each, in the order given. */
  append(records: readonly AppendRecord[]): Promise<AppendedAt[]>
  /** Starts consuming: partitions are handed over through `assigned` and `revoked`. One consumer per process. */
  subscribe(handler: AssignmentHandler): Promise<void>
  /**
   * Every partition there is, to be read again from its beginning beside whoever consumes it; nothing is committed. The
   * caller closes each.
   */
  history(): Promise<PartitionHistory[]>
  /**
   * Unlinks every record whose retention has run out by the log's clock. Idempotent; the adapter of a server whose
   * own retention does this returns 0. Returns the number of bytes removed.
   */
  expire(): Promise<number>
  /** Bytes of raw records now held, for metrics. */
  bytes(): Promise<number>
  /** Waits for running appends, then releases everything. Later calls reject. */
  close(): Promise<void>
}

export interface AppendRecord {
  partition: number
  value: Buffer
}

export interface AppendedAt {
  partition: number
  position: number
  /** Milliseconds since the Unix epoch. */
  appendedAt: number
}

export interface LogRecord {
  position: number
  appendedAt: number
  value: Buffer
}

export interface AssignmentHandler {
  /** Called once for each partition this process now owns; must not block: start the work and return. */
  assigned(assignment: Assignment): void
  /** Called when a partition is being taken away. The handover goes on when the promise settles. */
  revoked(partition: number): Promise<void>
}

/**
 * The right to consume one partition, until it is revoked. Every call rejects with `StaleAssignmentError` once it is.
 */
export interface Assignment {
  readonly partition: number
  /** Grows with every hand-over of the partition, over restarts too; a holder of a smaller one is stale. */
  readonly epoch: number
  /** Whether the assignment is still held, as far as this process knows. */
  isCurrent(): boolean
  /** The committed position (next to read; where nothing was committed, the first record still there) and metadata. */
  committed(): Promise<Committed>
  /** Commits atomically and durably. `metadata` at most 1 KiB. */
  commit(position: number, metadata: string): Promise<void>
  /**
   * Records from `from` (inclusive) on, in order, at most `limit.records` and about `limit.bytes` (at least one record
   * if any is there). Waits up to `limit.waitMs` for the first one; then returns what there is, possibly none.
   * `end` is the position after the last record now in the partition. Records that retention removed are passed over.
   */
  read(from: number, limit: ReadLimit): Promise<{ records: LogRecord[]; end: number }>
}

/** One partition, read without the right to consume it. */
export interface PartitionHistory {
  readonly partition: number
  /** The position of the first record still there, and the position after the last durable one. */
  bounds(): Promise<{ start: number; end: number }>
  /** As `Assignment.read`. */
  read(from: number, limit: ReadLimit): Promise<{ records: LogRecord[]; end: number }>
  close(): Promise<void>
}

export interface Committed {
  position: number
  metadata: string
}

export interface ReadLimit {
  records: number
  bytes: number
  waitMs: number
  /** Exclusive upper bound of positions to return, for a replay of exactly [from, before). */
  before?: number
}

/** The partition has been handed to another consumer: stop, write nothing more. */
export class StaleAssignmentError extends Error {
  override readonly name = 'StaleAssignmentError'
}

/** The log cannot take records now (disk full, too much waiting); the caller sheds load with `Retry-After`. */
export class LogUnavailableError extends Error {
  override readonly name = 'LogUnavailableError'
}
