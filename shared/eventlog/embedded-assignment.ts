/** The right to consume one partition of the embedded log. */
import type { CommitFile } from './commit-file.ts'
import type { Partition } from './partition.ts'
import { type Assignment, type Committed, type LogRecord, type ReadLimit, StaleAssignmentError } from './port.ts'
import type { OnCorrupt } from './segment-file.ts'
import { SegmentReader } from './segment-reader.ts'

export class EmbeddedAssignment implements Assignment {
  readonly partition: number
  readonly epoch: number
  readonly #records: Partition
  readonly #commits: CommitFile
  readonly #reader: SegmentReader
  #ended = false

  constructor(partition: number, records: Partition, commits: CommitFile, onCorrupt: OnCorrupt) {
    this.partition = partition
    this.epoch = commits.current.epoch
    this.#records = records
    this.#commits = commits
    this.#reader = new SegmentReader(records, onCorrupt)
  }

  isCurrent(): boolean {
    return !this.#ended
  }

  async committed(): Promise<Committed> {
    this.#mustBeCurrent()
    const { position, metadata } = this.#commits.current
    return { position: position ?? this.#records.start, metadata }
  }

  async commit(position: number, metadata: string): Promise<void> {
    if (!Number.isSafeInteger(position) || position < 0) throw new RangeError(`${position} is not a position`)
    await this.#commits.write((current) => {
      this.#mustBeCurrent()
      return { position, metadata, epoch: current.epoch }
    })
  }

  async read(from: number, limit: ReadLimit): Promise<{ records: LogRecord[]; end: number }> {
    const before = limit.before ?? Number.POSITIVE_INFINITY
    const deadline = performance.now() + limit.waitMs
    for (;;) {
      this.#mustBeCurrent()
      const end = this.#records.end
      const records = await this.#reader.read(from, { records: limit.records, bytes: limit.bytes, before })
      this.#mustBeCurrent()
      const waitMs = deadline - performance.now()
      if (records.length > 0 || waitMs <= 0 || before <= this.#records.end) return { records, end: this.#records.end }
      // What was appended since the read began must be read, not waited for.
      if (this.#records.end === end) await this.#records.waitForAppend(waitMs)
    }
  }

  /** Takes the right away: every call from now on, and every waiting one, is refused. */
  async end(): Promise<void> {
    if (this.#ended) return
    this.#ended = true
    this.#records.wake()
    await this.#reader.close()
  }

  #mustBeCurrent(): void {
    if (this.#ended) throw new StaleAssignmentError(`partition ${this.partition} has been handed over`)
  }
}
