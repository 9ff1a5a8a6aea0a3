/**
 * What an identifier is kept as. Senders use email addresses, telephone numbers and names for one (Segment's `userId` often
 * is), and these are written nowhere, not even into the raw log: a keyed hash stands in, the same each time, so that
 * whoever is meant still counts once. A harmless identifier that is taken for one loses nothing by it, so nothing is looked
 * at closely: it is whatever has an @, a space or a percent sign, or seven characters and no letter, or more than ids have.
 */
import { createHmac } from 'node:crypto'
import type { ChoiceBook } from '../../../shared/choices/choice-book.ts'
import { type ChoiceSecrets, derivedKey } from './derived-key.ts'

export type KeptIdentifier = (id: string) => string

const mayBePersonal = /[@\s%]|^[^A-Za-z]{7,}$/
const lengthMax = 64

export function createKeptIdentifier(secrets: ChoiceSecrets): KeptIdentifier {
  const key = derivedKey(secrets, 'headcount/personal-identifiers')
  return (id) => {
    if (id.length <= lengthMax && !mayBePersonal.test(id)) return id
    return `hashed-${createHmac('sha256', key).update(id).digest('hex').slice(0, 32)}`
  }
}

/** The book, to be asked with identifiers as senders give them: choices are by what is kept, as the worker sees no other. */
export function byKeptIdentifier({ log, subjectOf }: ChoiceBook, keptId: KeptIdentifier): ChoiceBook {
  return { log, subjectOf: (kind, id) => subjectOf(kind, keptId(id)) }
}
