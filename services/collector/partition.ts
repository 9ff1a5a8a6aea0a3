/**
 * Which partition a privacy unit's records go into: chosen by a keyed hash of the unit, so that a unit is always in the
 * same one (deduplication is per partition) and no identifier, nor anything computable from one, is a log key.
 */
import { hash, hkdfSync } from 'node:crypto'
import type { Unit } from '../../shared/event.ts'

/** 32 bits of a keyed hash of the unit; modulo the number of partitions it is the partition. */
export type UnitHash = (unit: Unit) => number

/**
 * The hash of every collector and importer that has this write key. Derived and not stored: a key in the key-value store
 * would be another one once the store is lost, and a unit's retries would land where nobody knows their first sending.
 * So a new write key moves units, too: events sent again across that change count twice.
 */
export function createUnitHash(writeKey: string): UnitHash {
  // 64 hex digits fill SHA-256's first block: the hash of what follows starts from a secret state. The result is cut to
  // 32 bits and never leaves, so extending it is no concern, and this takes a fifth of an HMAC's time.
  const prefix = derivedKey(writeKey, 'partitioning').toString('hex')
  return (unit) => Number.parseInt(hash('sha256', `${prefix}${unit.kind}\0${unit.id}`, 'hex').slice(0, 8), 16)
}

/** 32 bytes for one purpose, from a secret that all processes share: HKDF-SHA256 (RFC 5869). */
export function derivedKey(secret: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `headcount/${purpose}`, 32))
}
