/** What the campaign generates: for every kind values of it, and values of no kind. */
import fc from 'fast-check'
import type { ConfidentialKind } from '../../shared/confidential/kind.ts'
import { disguise, surroundings } from './disguise.ts'
import { card, iban, nationalId, phone } from './generate-numbers.ts'
import { address, email, host, mac, path, url } from './generate-places.ts'
import { identifier, random, secret } from './generate-secrets.ts'
import { innocentList } from './lists.ts'

export type Expected = ConfidentialKind | 'innocent'
export interface Specimen {
  readonly expected: Expected
  readonly text: string
}

const confidential: Partial<Record<ConfidentialKind, fc.Arbitrary<string>>> = {
  ...{ email, phone, card, iban, 'national-id': nationalId, secret, url, path, address, mac, host, identifier, random },
}

const words = innocentList.filter((value) => /^[a-z]{3,12}$/.test(value))
const word = fc.constantFrom(...words)
const number = (max: number) => fc.integer({ min: 0, max })
const version = fc
  .tuple(
    number(30),
    number(40),
    number(99),
    fc.constantFrom('', '', '-rc.1', '-beta', '-alpha2', '-dev', '-SNAPSHOT', '+dfsg'),
  )
  .map(([major, minor, patch, rest]) => `${major}.${minor}.${patch}${rest}`)

/** Versions, names put together of words as features and packages are, titles, numbers with units, dates. */
const innocent = fc.oneof(
  fc.constantFrom(...innocentList),
  version,
  fc
    .tuple(fc.array(word, { minLength: 1, maxLength: 4 }), fc.constantFrom('_', '-', '.', ' ', ':', '/'))
    .map(([all, between]) => all.join(between)),
  fc
    .array(word, { minLength: 1, maxLength: 4 })
    .map((all) => all.map((one) => one[0]?.toUpperCase() + one.slice(1)).join('')),
  fc.tuple(word, version).map((all) => all.join(' ')),
  fc.tuple(word, version).map((all) => all.join('@')),
  fc.tuple(number(99_999), fc.constantFrom('', ' ms', ' MiB', ' %', ' agents')).map((all) => all.join('')),
  fc
    .date({ min: new Date('2000-01-01'), max: new Date('2040-01-01'), noInvalidDate: true })
    .map((date) => date.toISOString()),
  fc
    .date({ min: new Date('2000-01-01'), max: new Date('2040-01-01'), noInvalidDate: true })
    .map((date) => date.toISOString().slice(0, 10)),
)

const guilty = Object.entries(confidential).map(([kind, values]) =>
  fc.tuple(values, surroundings, disguise).map(([value, around, disguised]) => ({
    expected: kind as Expected,
    text: disguised(around(value)),
  })),
)

/** One in five innocent, the rest of every kind alike. */
export const specimen: fc.Arbitrary<Specimen> = fc.oneof(
  { weight: 3, arbitrary: innocent.map((text) => ({ expected: 'innocent' as const, text })) },
  ...guilty.map((arbitrary) => ({ weight: 1, arbitrary })),
)
