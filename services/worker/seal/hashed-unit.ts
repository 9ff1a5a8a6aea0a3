/** A unit as a seal knows it: 16 bytes under the seal's own key, which is destroyed with the day; a character per byte. */
import type { Subject } from '../../../shared/choices/port.ts'
import type { Unit } from '../../../shared/event.ts'
import type { KeyedHash } from '../../../shared/keyed-hash.ts'
import { hashBytes } from './hashed-record.ts'

/** Of a sender with an identifier, where choices are kept: so that a choice, which has the subject only, finds its unit. */
export function hashedSubject(key: KeyedHash, subject: Subject): string {
  return hashed(key, `subject\0${subject}`)
}

/** Of any other. */
export function hashedUnit(key: KeyedHash, { kind, id }: Unit): string {
  return hashed(key, `unit\0${kind}\0${id}`)
}

function hashed(key: KeyedHash, text: string): string {
  return key.digest(text).toString('latin1', 0, hashBytes)
}
