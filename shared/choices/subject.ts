/** A subject of choices: its identifier under the choice key, which all processes share and which nothing rotates. */
import { createHmac, hkdfSync } from 'node:crypto'
import type { Unit } from '../event.ts'
import { KeyedHash } from '../keyed-hash.ts'
import type { Subject, SubjectKind } from './port.ts'

const subjectBytes = 16

export type SubjectHash = (kind: SubjectKind, id: string) => Subject

/** @param choiceKey 32 bytes */
export function createSubjectHash(choiceKey: Buffer): SubjectHash {
  const key = new KeyedHash(choiceKey)
  return (kind, id) => key.digest(`${kind}\0${id}`).toString('hex', 0, subjectBytes)
}

/** The subject of a record's unit; undefined for a sender without an identifier. */
export function subjectOfUnit(hash: SubjectHash, { kind, id }: Unit): Subject | undefined {
  return kind === 'address' ? undefined : hash(kind, id)
}

/** What tells one choice key from another without giving it away. */
export function choiceKeyFingerprint(choiceKey: Buffer): string {
  return createHmac('sha256', choiceKey).update('headcount/choice-key-fingerprint').digest('hex').slice(0, 16)
}

/** The choice key from the secret that is set, or, where none is, from the admin token: HKDF-SHA256 (RFC 5869). */
export function choiceKeyFrom(secret: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', 'headcount/choices', 32))
}
