/** The event log of a data folder, read from its files beside the process that writes them. */
import { open, readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import type { EventLog, LogRecord, PartitionHistory, ReadLimit } from '../../../shared/eventlog/port.ts'
import { listSegments, type Segment, SegmentWalk } from '../../../shared/eventlog/segment-file.ts'
import { refuseToWrite } from './stores.ts'

/** @param dir of the log; it must be there */
export async function openLogFiles(dir: string): Promise<EventLog> {
  const { logId, partitions } = JSON.parse(await readFile(path.join(dir, 'log.json'), 'utf8')) as {
    logId: string
    partitions: number
  }
  const folders = async () =>
    (await readdir(dir, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map(({ name }) => name)
  return {
    logId,
    partitions,
    history: async () => (await folders()).map((name) => new FileHistory(Number(name), path.join(dir, name))),
    async bytes() {
      const segments = await Promise.all((await folders()).map((name) => listSegments(path.join(dir, name))))
      return segments.flat().reduce((sum, { length }) => sum + length, 0)
    },
    append: refuseToWrite,
    subscribe: refuseToWrite,
    expire: refuseToWrite,
    close: async () => undefined,
  }
}

/** Lists its files anew for each call: the newest grows, and the oldest goes. */
class FileHistory implements PartitionHistory {
  readonly partition: number
  readonly #dir: string

  constructor(partition: number, dir: string) {
    this.partition = partition
    this.#dir = dir
  }

  async bounds(): Promise<{ start: number; end: number }> {
    const segments = await listSegments(this.#dir)
    const newest = segments.at(-1)
    if (!newest) return { start: 0, end: 0 }
    let end = newest.base
    await walk(newest, (record) => {
      end = record.position + 1
      return true
    })
    return { start: (segments.find(({ length }) => length > 0) ?? newest).base, end }
  }

  async read(from: number, limit: ReadLimit): Promise<{ records: LogRecord[]; end: number }> {
    const segments = await listSegments(this.#dir)
    const before = limit.before ?? Number.POSITIVE_INFINITY
    const records: LogRecord[] = []
    let bytes = 0
    for (const [index, segment] of segments.entries()) {
      const next = segments[index + 1]?.base ?? Number.POSITIVE_INFINITY
      // One with the same beginning as the next should be empty; whether it is, is looked at.
      if (next <= from && segment.base < next) continue
      const goesOn = await walk(segment, (record) => {
        if (record.position < from) return true
        if (record.position >= before) return false
        records.push({ ...record, value: Buffer.from(record.value) })
        bytes += record.value.length
        return records.length < limit.records && bytes < limit.bytes
      })
      if (!goesOn) break
    }
    return { records, end: (await this.bounds()).end }
  }

  async close(): Promise<void> {}
}

/** Every whole record of a file; a tail that is just being written is not read. False when `take` wants no more. */
async function walk(segment: Segment, take: (record: LogRecord) => boolean): Promise<boolean> {
  const handle = await open(segment.file, 'r')
  try {
    const records = new SegmentWalk(segment, handle, () => undefined)
    for (let record = await records.next(); record; record = await records.next()) if (!take(record)) return false
    return true
  } finally {
    await handle.close()
  }
}
