/**
 * Kafka's record batch, format 2: what a produce request carries and a fetch answers with. Records of the event log have a
 * value only; those of a compacted topic have a key, and no value when they say that the key is gone.
 */
import { gunzipSync } from 'node:zlib'
import { crc32c } from '@node-rs/crc32'
import { WireReader } from './kafka-wire.ts'
import type { LogRecord } from './port.ts'

/** Up to and with the number of records. */
const headerBytes = 61
/** Position and length of the batch stand before what the length counts. */
const lengthCountsFrom = 12
const crcCountsFrom = 21
const format = 2
const compressionMask = 0x07
const gzip = 1
const appendTimeFlag = 0x08
const controlFlag = 0x20
/** Most bytes a record adds to its value: five variable-length numbers and two single bytes. */
const recordOverheadBytes = 24

/** Bytes that a batch of these values takes at most. */
export function batchBytes(values: readonly Buffer[]): number {
  let bytes = headerBytes
  for (const value of values) bytes += recordOverheadBytes + value.length
  return bytes
}

/**
 * The records of one partition and request. Positions and times are the broker's to set.
 * @param batch room of at least `batchBytes`, used again once the request is answered: megabytes made anew for each request
 *   are a tenth of its cost
 */
export function encodeBatch(
  values: readonly Buffer[],
  now: number,
  batch: Buffer = Buffer.allocUnsafe(batchBytes(values)),
): Buffer {
  let at = headerBytes
  for (const [index, value] of values.entries()) at = writeRecord(batch, at, index, value)
  return withHeader(batch, at, values.length, now)
}

export interface KeyedValue {
  readonly key: Buffer
  /** Undefined: a tombstone, by which compaction removes the key. */
  readonly value: Buffer | undefined
}

/** As `encodeBatch`, for a compacted topic. */
export function encodeKeyedBatch(records: readonly KeyedValue[], now: number): Buffer {
  const overhead = headerBytes + recordOverheadBytes * records.length
  const bytes = records.reduce((sum, { key, value }) => sum + key.length + (value?.length ?? 0), overhead)
  const batch = Buffer.allocUnsafe(bytes)
  let at = headerBytes
  for (const [index, record] of records.entries()) at = writeKeyedRecord(batch, at, index, record)
  return withHeader(batch, at, records.length, now)
}

/** Everything before the records, and the batch cut to its length. */
function withHeader(batch: Buffer, at: number, count: number, now: number): Buffer {
  batch.writeBigInt64BE(0n, 0)
  batch.writeInt32BE(at - lengthCountsFrom, 8)
  batch.writeInt32BE(-1, 12)
  batch.writeInt8(format, 16)
  batch.writeInt16BE(0, 21)
  batch.writeInt32BE(count - 1, 23)
  batch.writeBigInt64BE(BigInt(now), 27)
  batch.writeBigInt64BE(BigInt(now), 35)
  batch.writeBigInt64BE(-1n, 43)
  batch.writeInt16BE(-1, 51)
  batch.writeInt32BE(-1, 53)
  batch.writeInt32BE(count, 57)
  batch.writeUInt32BE(crc32c(batch.subarray(crcCountsFrom, at)), 17)
  return batch.subarray(0, at)
}

/** Length, attributes, time, position, no key, value, no headers. */
function writeRecord(batch: Buffer, start: number, index: number, value: Buffer): number {
  const bodyBytes = 4 + varintBytes(index) + varintBytes(value.length) + value.length
  let at = writeVarint(batch, start, bodyBytes)
  batch[at++] = 0
  batch[at++] = 0
  at = writeVarint(batch, at, index)
  // -1 in zigzag: there is no key.
  batch[at++] = 1
  at = writeVarint(batch, at, value.length)
  value.copy(batch, at)
  at += value.length
  batch[at++] = 0
  return at
}

function writeKeyedRecord(batch: Buffer, start: number, index: number, { key, value }: KeyedValue): number {
  const valueBytes = value === undefined ? 1 : varintBytes(value.length) + value.length
  let at = writeVarint(batch, start, 3 + varintBytes(index) + varintBytes(key.length) + key.length + valueBytes)
  batch[at++] = 0
  batch[at++] = 0
  at = writeVarint(batch, at, index)
  at = writeVarint(batch, at, key.length)
  at += key.copy(batch, at)
  // -1 in zigzag: there is no value.
  if (value === undefined) batch[at++] = 1
  else {
    at = writeVarint(batch, at, value.length)
    at += value.copy(batch, at)
  }
  batch[at++] = 0
  return at
}

/** For numbers that are not negative. */
function writeVarint(buffer: Buffer, start: number, value: number): number {
  let at = start
  let rest = value * 2
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) buffer[at++] = (rest % 128) | 0x80
  buffer[at++] = rest
  return at
}

function varintBytes(value: number): number {
  let bytes = 1
  for (let rest = value * 2; rest >= 0x80; rest = Math.floor(rest / 128)) bytes++
  return bytes
}

/** A record as a compacted topic has it. */
export interface KeyedRecord extends LogRecord {
  /** Undefined where the record has none. */
  readonly key?: Buffer
  readonly isTombstone?: boolean
}

export interface DecodedBatches {
  records: KeyedRecord[]
  /** The position after the last whole batch; undefined when there is none. */
  next: number | undefined
}

/**
 * The records of the whole batches in a fetch's answer; the last batch may be cut off and is left out. Values are views
 * of `bytes`.
 * @throws Error for a compression that nobody here writes
 */
export function decodeBatches(bytes: Buffer): DecodedBatches {
  const records: KeyedRecord[] = []
  let next: number | undefined
  for (let at = 0; at + headerBytes <= bytes.length; ) {
    const end = at + lengthCountsFrom + bytes.readInt32BE(at + 8)
    if (end > bytes.length) break
    next = decodeBatch(bytes.subarray(at, end), records)
    at = end
  }
  return { records, next }
}

function decodeBatch(batch: Buffer, records: KeyedRecord[]): number {
  if (batch.readInt8(16) !== format) throw new Error(`a record batch of Kafka has the old format ${batch.readInt8(16)}`)
  const base = Number(batch.readBigInt64BE(0))
  const attributes = batch.readInt16BE(21)
  const next = base + batch.readInt32BE(23) + 1
  if (attributes & controlFlag) return next
  const firstTime = Number(batch.readBigInt64BE(27))
  const appendTime = attributes & appendTimeFlag ? Number(batch.readBigInt64BE(35)) : undefined
  const reader = new WireReader(uncompressed(batch.subarray(headerBytes), attributes & compressionMask))
  for (let count = batch.readInt32BE(57); count > 0; count--) {
    const bytes = reader.varint()
    const start = reader.at
    reader.int8()
    const time = firstTime + reader.varint()
    const position = base + reader.varint()
    const keyBytes = reader.varint()
    const key = keyBytes > 0 ? reader.bytes(keyBytes) : undefined
    const valueBytes = reader.varint()
    const value = reader.bytes(Math.max(0, valueBytes))
    const appendedAt = appendTime ?? time
    if (key === undefined) records.push({ position, appendedAt, value })
    else records.push({ position, appendedAt, value, key, isTombstone: valueBytes < 0 })
    // Headers, of which we write none.
    reader.bytes(start + bytes - reader.at)
  }
  return next
}

function uncompressed(body: Buffer, compression: number): Buffer {
  if (compression === 0) return body
  if (compression === gzip) return gunzipSync(body)
  throw new Error(
    `records in Kafka are compressed in a way that is not read here (${compression}); ` +
      'set the topic’s compression.type to producer',
  )
}
