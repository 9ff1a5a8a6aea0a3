/**
 * Records put into buckets by their unit's hash, on disk: a unit's records are in one bucket, whichever partitions they
 * came from, and one bucket at a time fits into memory. A bucket that has become too large is put into smaller ones by
 * further bits; a single unit cannot be divided and need not be, as its state is bounded (bound-unit.ts). Buckets stay until
 * the noise is drawn: somebody may choose until then not to be in it.
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
  /** Has what was in the file, since it became too large. */
  divided: UnitBuckets | undefined
}

/** A record as it is read back; `raw` are its own bytes. */
export type BucketRecord = ReturnType<typeof decode>

/** Writes records to their buckets. */
export class UnitBuckets {
  readonly #depth: number
  readonly #buckets: Bucket[]

  private constructor(dir: string, depth: number) {
    this.#depth = depth
    this.#buckets = Array.from({ length: bucketsPerLevel }, (_, index) => ({
      file: path.join(dir, `${depth}-${index}.bucket`),
      handle: undefined,
      waiting: [],
      waitingBytes: 0,
      bytes: 0,
      divided: undefined,
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
    const bucket = this.#bucketOf(unitOf(record))
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

  /** Ends writing. The buckets one after the other; their files stay. */
  async *read(): AsyncGenerator<{ records: AsyncIterable<BucketRecord>; bytes: number }> {
    for (const bucket of this.#buckets) await flush(bucket)
    await this.close()
    for (const bucket of this.#buckets) {
      const { file, bytes } = bucket
      if (bytes === 0) continue
      if (bytes > bucketBytesMax && this.#depth + 1 < depthMax) {
        const smaller = await UnitBuckets.begin(`${file}.divided`, this.#depth + 1)
        for await (const { raw } of recordsOf(file)) await smaller.add(raw)
        await rm(file)
        bucket.divided = smaller
        yield* smaller.read()
      } else yield { records: recordsOf(file), bytes }
    }
  }

  /** After all have been read: each bucket that can have one of these units, to be read as often as it takes. */
  again(units: Iterable<string>): (() => AsyncIterable<BucketRecord>)[] {
    const files = new Set<string>()
    for (const unit of units) files.add(this.#fileOf(unit) ?? '')
    files.delete('')
    return [...files].map((file) => () => recordsOf(file))
  }

  /** Undefined where nothing was written. */
  #fileOf(unit: string): string | undefined {
    const { divided, bytes, file } = this.#bucketOf(unit)
    if (divided) return divided.#fileOf(unit)
    return bytes === 0 ? undefined : file
  }

  /** A byte of the hash for each depth, so that every bucket is as likely. */
  #bucketOf(unit: string): Bucket {
    return this.#buckets[unit.charCodeAt(this.#depth % hashBytes) % bucketsPerLevel] as Bucket
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
