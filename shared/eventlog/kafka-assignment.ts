/** The right to consume one partition of a Kafka topic, for one generation of the consumer group. */
import type { Bounds } from './kafka-bounds.ts'
import type { KafkaGroup, Membership } from './kafka-group.ts'
import { type KafkaReader, PositionLostError } from './kafka-reader.ts'
import { type Assignment, type Committed, type LogRecord, type ReadLimit, StaleAssignmentError } from './port.ts'

const metadataBytesMax = 1024
const generationsPerEra = 2 ** 31
const eraMs = 3.5 * 86_400_000

/**
 * The broker’s number of the generation grows with every hand-over, restarts of every process included, until it
 * forgets a group that had no member for `offsets.retention.minutes` (7 days unless set) and begins anew at 1. So the
 * epoch also has the half week it was issued in as its higher digits.
 */
export function epochOf(generation: number, now: number): number {
  return Math.floor(now / eraMs) * generationsPerEra + generation
}

export interface KafkaAssignmentParts {
  partition: number
  epoch: number
  membership: Membership
  group: KafkaGroup
  /** Position of the first record still there, and the one after the last. */
  bounds: () => Promise<Bounds>
}

export class KafkaAssignment implements Assignment {
  readonly partition: number
  readonly epoch: number
  readonly #parts: KafkaAssignmentParts
  readonly #ended = new AbortController()
  #reader: KafkaReader | undefined
  #revoking: Promise<void> | undefined

  constructor(parts: KafkaAssignmentParts) {
    this.partition = parts.partition
    this.epoch = parts.epoch
    this.#parts = parts
  }

  /** The reader asks its assignment whether it may go on, so it is given afterwards. */
  readWith(reader: KafkaReader): void {
    this.#reader = reader
  }

  isCurrent(): boolean {
    return !this.#ended.signal.aborted && this.#parts.group.holds(this.#parts.membership)
  }

  mustBeCurrent(): void {
    if (!this.isCurrent()) throw new StaleAssignmentError(`partition ${this.partition} has been handed over`)
  }

  /** @throws PositionLostError when the log ends before the committed position */
  async committed(): Promise<Committed> {
    this.mustBeCurrent()
    const { group, membership, bounds } = this.#parts
    const committed = await this.#orEnd(group.committed(membership, this.partition))
    const { start, end } = await this.#orEnd(bounds())
    this.mustBeCurrent()
    if (!committed) return { position: start, metadata: '' }
    if (committed.position > end) throw new PositionLostError(this.partition, committed.position, end)
    return committed
  }

  async commit(position: number, metadata: string): Promise<void> {
    if (!Number.isSafeInteger(position) || position < 0) throw new RangeError(`${position} is not a position`)
    if (Buffer.byteLength(metadata) > metadataBytesMax)
      throw new RangeError(`commit metadata may take at most ${metadataBytesMax} bytes`)
    this.mustBeCurrent()
    const { group, membership } = this.#parts
    await group.commit(membership, this.partition, position, metadata)
    this.mustBeCurrent()
  }

  async read(from: number, limit: ReadLimit): Promise<{ records: LogRecord[]; end: number }> {
    this.mustBeCurrent()
    const read = await this.#orEnd((this.#reader as KafkaReader).read(from, limit))
    this.mustBeCurrent()
    return read
  }

  /** Calls `tell` once, however often it is asked to; never rejects. */
  revoke(tell: (partition: number) => Promise<void>): Promise<void> {
    this.#revoking ??= Promise.resolve()
      .then(() => tell(this.partition))
      .catch(() => undefined)
    return this.#revoking
  }

  /** Every call from now on, and every waiting one, is refused. */
  end(): void {
    if (this.#ended.signal.aborted) return
    this.#ended.abort()
    void this.#reader?.close()
  }

  #orEnd<T>(work: Promise<T>): Promise<T> {
    const { signal } = this.#ended
    return new Promise((resolve, reject) => {
      const onEnd = () => reject(new StaleAssignmentError(`partition ${this.partition} has been handed over`))
      signal.addEventListener('abort', onEnd, { once: true })
      const settled = () => signal.removeEventListener('abort', onEnd)
      work.then(resolve, reject).finally(settled)
    })
  }
}
