/**
 * The detector: whether a text looks like something that identifies somebody or opens something. It is asked of every
 * value, name and message before it is kept (infra/confidential-values.md says where). It rather withholds a harmless value
 * than keeps a telling one: a withheld value is `(other)`, a kept one cannot be taken back.
 */
import { hasEmail, hasPhone } from './contacts.ts'
import { hasIdentifier, hasRandom } from './identifiers.ts'
import type { ConfidentialKind } from './kind.ts'
import { hasAddress, hasMac } from './network-addresses.ts'
import { hasCard, hasIban, hasNationalId } from './numbers.ts'
import { hasHost, hasPrivatePath, hasTellingUrl } from './places.ts'
import { plainText } from './plain-text.ts'
import { hasSecret } from './secrets.ts'

/** The kind of a text, or undefined when nothing about it is confidential. */
export type Detector = (text: string) => ConfidentialKind | undefined

/** Characters (UTF-16 units) of the longest text that is looked into; values are shorter, messages are cut before. */
export const textCharactersMax = 4096
/** Nothing of what is looked for has fewer. */
const textCharactersMin = 3

/** In this order: the first that fits gives the label. */
const tests: readonly [ConfidentialKind, (text: string) => boolean][] = [
  ['secret', hasSecret],
  ['url', hasTellingUrl],
  ['email', hasEmail],
  ['card', hasCard],
  ['iban', hasIban],
  ['national-id', hasNationalId],
  ['mac', hasMac],
  ['address', hasAddress],
  ['identifier', hasIdentifier],
  ['phone', hasPhone],
  ['path', hasPrivatePath],
  ['host', hasHost],
  ['random', hasRandom],
]

/** Pure, and in time linear in the text's length. */
export const confidentialKind: Detector = (text) => {
  if (text.length < textCharactersMin) return undefined
  if (text.length > textCharactersMax) return 'long'
  const plain = plainText(text)
  if (plain === undefined) return 'disguised'
  return kindOf(plain) ?? (plain === text ? undefined : kindOf(text))
}

function kindOf(text: string): ConfidentialKind | undefined {
  for (const [kind, has] of tests) if (has(text)) return kind
  return undefined
}
