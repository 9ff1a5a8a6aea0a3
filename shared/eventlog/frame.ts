/**
 * How one record lies in a segment file: length (4 bytes), CRC-32 of all that follows (4), position (6),
 * appendedAt (6), value; little endian. Position and time are in every frame so that records after a damaged one can
 * be found again and keep their positions.
 */
import { crc32 } from 'node:zlib'
import type { LogRecord } from './port.ts'

export const headerBytes = 20
const checkedFrom = 8

/** Frames of `values` at consecutive positions, as one buffer for one write. */
export function encodeFrames(values: readonly Buffer[], firstPosition: number, appendedAt: number): Buffer {
  let length = 0
  for (const value of values) length += headerBytes + value.length
  const buffer = Buffer.allocUnsafe(length)
  let at = 0
  let position = firstPosition
  for (const value of values) {
    const end = at + headerBytes + value.length
    buffer.writeUInt32LE(value.length, at)
    buffer.writeUIntLE(position, at + 8, 6)
    buffer.writeUIntLE(appendedAt, at + 14, 6)
    value.copy(buffer, at + headerBytes)
    buffer.writeUInt32LE(crc32(buffer.subarray(at + checkedFrom, end)), at + 4)
    at = end
    position++
  }
  return buffer
}

/** Bytes of the frame that starts at `at` as its header says, right or not; undefined when the header is not all there. */
export function frameBytes(buffer: Buffer, at: number): number | undefined {
  return at + headerBytes <= buffer.length ? headerBytes + buffer.readUInt32LE(at) : undefined
}

/** The record at `at`, or undefined when what is there is not a whole, undamaged frame. */
export function decodeFrame(buffer: Buffer, at: number): LogRecord | undefined {
  const bytes = frameBytes(buffer, at)
  if (bytes === undefined || at + bytes > buffer.length) return undefined
  const end = at + bytes
  if (crc32(buffer.subarray(at + checkedFrom, end)) !== buffer.readUInt32LE(at + 4)) return undefined
  return {
    position: buffer.readUIntLE(at + 8, 6),
    appendedAt: buffer.readUIntLE(at + 14, 6),
    value: buffer.subarray(at + headerBytes, end),
  }
}
