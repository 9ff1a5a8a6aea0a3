/**
 * A choice as a record of the compacted topic: its id is the key, so that compaction loses none; a tombstone removes it. The
 * topic begins with the fingerprint of the choice key, under a key of its own.
 */
import { encodeKeyedBatch, type KeyedRecord, type KeyedValue } from '../eventlog/kafka-batch.ts'
import type { Choice } from './port.ts'

const fingerprintPrefix = 'choice-key/'
const rollKey = 'roll'
const format = 1

export type ChoiceRecord =
  | { readonly kind: 'choice'; readonly choice: Omit<Choice, 'at'> }
  | { readonly kind: 'removal'; readonly id: string }
  | { readonly kind: 'fingerprint'; readonly fingerprint: string }
  /** Says nothing: it makes Kafka begin a new segment, so that the one before can be compacted. */
  | { readonly kind: 'roll' }

export function toKafka(record: ChoiceRecord): KeyedValue {
  switch (record.kind) {
    case 'choice': {
      const { id, ...rest } = record.choice
      return keyed(id, { format, ...rest })
    }
    case 'removal':
      return { key: Buffer.from(record.id), value: undefined }
    case 'fingerprint':
      return keyed(fingerprintPrefix + record.fingerprint, { format })
    case 'roll':
      return keyed(rollKey, { format })
  }
}

/** Of a record's key; an empty text when it is not one of a fingerprint. */
export function fingerprintOf(key: string): string {
  return key.startsWith(fingerprintPrefix) ? key.slice(fingerprintPrefix.length) : ''
}

/** Takes a fingerprint out that another process wrote in vain. */
export function fingerprintRemoval(fingerprint: string): ChoiceRecord {
  return { kind: 'removal', id: fingerprintPrefix + fingerprint }
}

/** @throws Error for what no version up to this one has written */
export function fromKafka({ key, value, isTombstone, position }: KeyedRecord): ChoiceRecord {
  const id = key?.toString() ?? ''
  if (isTombstone) return { kind: 'removal', id }
  const { format: found, ...rest } = parse(value)
  if (key === undefined || found !== format)
    throw new Error(
      `record ${position} of the topic of choices cannot be read: it was written by a later version, or by something else`,
    )
  if (id === rollKey) return { kind: 'roll' }
  const fingerprint = fingerprintOf(id)
  if (fingerprint !== '') return { kind: 'fingerprint', fingerprint }
  return { kind: 'choice', choice: { ...(rest as Omit<Choice, 'at' | 'id'>), id } }
}

function keyed(key: string, value: object): KeyedValue {
  return { key: Buffer.from(key), value: Buffer.from(JSON.stringify(value)) }
}

function parse(value: Buffer): Record<string, unknown> {
  try {
    return Object(JSON.parse(value.toString()))
  } catch {
    return {}
  }
}

/** Key and value in one buffer, as the appends of the event log move records; `encodePacked` takes them apart again. */
export function pack({ key, value }: KeyedValue): Buffer {
  return Buffer.concat([Buffer.of(key.length, value === undefined ? 0 : 1), key, value ?? Buffer.alloc(0)])
}

export function encodePacked(packed: readonly Buffer[], now: number): Buffer {
  const records = packed.map((buffer) => {
    const [keyBytes = 0, hasValue = 0] = buffer
    const key = buffer.subarray(2, 2 + keyBytes)
    return { key, value: hasValue === 0 ? undefined : buffer.subarray(2 + keyBytes) }
  })
  return encodeKeyedBatch(records, now)
}
