/** Keys for one purpose each, derived from the choice key (HKDF-SHA256, RFC 5869): all collectors have the same, and none is kept. */
import { hkdfSync } from 'node:crypto'
import { choiceKeyFrom } from '../../../shared/choices/subject.ts'

/** Where the setting is empty the admin token is the secret, as for the choices themselves. */
export interface ChoiceSecrets {
  readonly choiceKey: string
  readonly adminToken: string
}

/** @returns 32 bytes */
export function derivedKey({ choiceKey, adminToken }: ChoiceSecrets, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', choiceKeyFrom(choiceKey || adminToken), '', purpose, 32))
}
