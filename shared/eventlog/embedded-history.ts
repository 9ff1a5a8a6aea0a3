/** A partition of the embedded log, read beside its consumer. */
import type { Partition } from './partition.ts'
import type { LogRecord, PartitionHistory, ReadLimit } from './port.ts'
import type { OnCorrupt } from './segment-file.ts'
import { SegmentReader } from './segment-reader.ts'

export class EmbeddedHistory implements PartitionHistory {
  readonly partition: number
  readonly #records: Partition
  readonly #reader: SegmentReader

  constructor(partition: number, records: Partition, onCorrupt: OnCorrupt) {
    this.partition = partition
    this.#records = records
    this.#reader = new SegmentReader(records, onCorrupt)
  }

  async bounds(): Promise<{ start: number; end: number }> {
    return { start: this.#records.start, end: this.#records.end }
  }

  async read(from: number, limit: ReadLimit): Promise<{ records: LogRecord[]; end: number }> {
    const before = limit.before ?? Number.POSITIVE_INFINITY
    const deadline = performance.now() + limit.waitMs
    for (;;) {
      const end = this.#records.end
      const records = await this.#reader.read(from, { records: limit.records, bytes: limit.bytes, before })
      const waitMs = deadline - performance.now()
      if (records.length > 0 || waitMs <= 0 || before <= end) return { records, end: this.#records.end }
      if (this.#records.end === end) await this.#records.waitForAppend(waitMs)
    }
  }

  close(): Promise<void> {
    return this.#reader.close()
  }
}
