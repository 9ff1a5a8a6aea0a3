/**
 * Records put into buckets by their unit's hash, on disk: a unit's records are in one bucket, whichever partitions they
 * came from, and one bucket at a time fits into memory. A bucket that has become too large is put into smaller ones by
 * further bits; a single unit cannot be divided and need not be, as its state is bounded (bound-unit.ts).
 */
import { createReadStream } from 'node:fs'
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises'
import path from 'node:path'
import { decodeHashed, hashBytes, unitOf } from './hashed-record.ts'

const bucketsPerLevel = 256
const depthMax = 4
const bufferBytes = 64 * 1024
/** Larger buckets are divided. The units of one take several times its bytes in memory. */
export const bucketBytesMax = 16 * 1024 * 1024

interface Bucket {
  readonly file: string
  handle: FileHandle | undefined
  waiting: Buffer[]
  waitingBytes: number
  bytes: number
}

/** Writes records to their buckets. */
export class UnitBuckets {
  readonly #dir: string
  readonly #depth: number
  readonly #buckets: Bucket[]

  private constructor(dir: string, depth: number) {
    this.#dir = dir
    this.#depth = depth
    this.#buckets = Array.from({ length: bucketsPerLevel }, (_, index) => ({
      file: path.join(dir, `${depth}-${index}.bucket`),
      handle: undefined,
      waiting: [],
      waitingBytes: 0,
      bytes: 0,
    }))
  }

  /** Starts in an empty folder. */
  static async begin(dir: string, depth = 0): Promise<UnitBuckets> {
    await rm(dir, { recursive: true, force: true })
    await mkdir(dir, { recursive: true, mode: 0o700 })
    return new UnitBuckets(dir, depth)
  }

  /** @param record from `encodeHashed`. Resolves at once but for one time in many, when a buffer is written. */
  add(record: Buffer): Promise<void> | undefined {
    // A byte of the hash for each depth, so that every bucket is as likely.
    const bucket = this.#buckets[unitOf(record).charCodeAt(this.#depth % hashBytes) % bucketsPerLevel] as Bucket
    bucket.waiting.push(record)
    bucket.waitingBytes += record.length
    return bucket.waitingBytes < bufferBytes ? undefined : flush(bucket)
  }

  /** Bytes written so far. */
  get bytes(): number {
    return this.#buckets.reduce((sum, { bytes, waitingBytes }) => sum + bytes + waitingBytes, 0)
  }

  /** Gives the files back; to be called when nothing is going to be read. */
  async close(): Promise<void> {
    for (const bucket of this.#buckets) {
      await bucket.handle?.close()
      bucket.handle = undefined
    }
  }

  /** Ends writing. The buckets one after the other, each removed when the caller asks for the next one. */
  async *read(): AsyncGenerator<{ records: AsyncIterable<ReturnType<typeof decode>>; bytes: number }> {
    for (const bucket of this.#buckets) await flush(bucket)
    await this.close()
    for (const { file, bytes } of this.#buckets) {
      if (bytes === 0) continue
      if (bytes > bucketBytesMax && this.#depth + 1 < depthMax) {
        const smaller = await UnitBuckets.begin(path.join(this.#dir, 'divided'), this.#depth + 1)
        for await (const { raw } of recordsOf(file)) await smaller.add(raw)
        await rm(file)
        yield* smaller.read()
      } else {
        yield { records: recordsOf(file), bytes }
        await rm(file)
      }
    }
  }
}

async function flush(bucket: Bucket): Promise<void> {
  if (bucket.waitingBytes === 0) return
  const bytes = Buffer.concat(bucket.waiting)
  bucket.waiting = []
  bucket.waitingBytes = 0
  bucket.bytes += bytes.length
  bucket.handle ??= await open(bucket.file, 'wx', 0o600)
  await bucket.handle.appendFile(bytes)
}

async function* recordsOf(file: string): AsyncGenerator<ReturnType<typeof decode>> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) {
    const bytes = rest.length === 0 ? (chunk as Buffer) : Buffer.concat([rest, chunk as Buffer])
    let at = 0
    for (let record = decodeHashed(bytes, at); record; record = decodeHashed(bytes, at)) {
      yield decode(record, bytes.subarray(at, record.next))
      at = record.next
    }
    rest = bytes.subarray(at)
  }
  if (rest.length > 0) throw new Error(`${path.basename(file)} ends in the middle of a record`)
}

function decode(record: NonNullable<ReturnType<typeof decodeHashed>>, raw: Buffer) {
  return { ...record, raw }
}
