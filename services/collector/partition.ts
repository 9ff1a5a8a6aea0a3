/**
 * Which partition a privacy unit's records go into: chosen by a keyed hash of the unit, so that a unit is always in the
 * same one (deduplication is per partition) and no identifier, nor anything computable from one, is a log key.
 */
import { hash, randomBytes } from 'node:crypto'
import type { Unit } from '../../shared/event.ts'
import type { KeyValue } from '../../shared/keyvalue/port.ts'

export type ChoosePartition = (unit: Unit) => number

/**
 * @param partitions of the event log, at least 1
 * @throws Error when the key, which all collectors share, has been destroyed
 */
export async function createPartitioner(keyValue: KeyValue, partitions: number): Promise<ChoosePartition> {
  const key = await keyValue.secrets.createOnce('partitioning', () => randomBytes(32))
  if (!key) throw new Error('the partitioning key has been destroyed: records of one unit would be spread; restore it')
  // 64 hex digits fill SHA-256's first block: the hash of what follows starts from a secret state. The result is cut to
  // 32 bits and never leaves, so extending it is no concern, and this takes a fifth of an HMAC's time.
  const prefix = key.toString('hex')
  if (partitions === 1) return () => 0
  return (unit) =>
    Number.parseInt(hash('sha256', `${prefix}${unit.kind}\0${unit.id}`, 'hex').slice(0, 8), 16) % partitions
}
