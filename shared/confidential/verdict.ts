/** The detector's verdict on values, remembered: a value comes again and again, and looking at it takes microseconds. */
import { LRUCache } from 'lru-cache'
import { confidentialKind } from './detector.ts'
import type { ConfidentialKind } from './kind.ts'

const harmless = 'harmless'
/** Memory of this process only; values are at most 256 characters long. */
const verdicts = new LRUCache<string, ConfidentialKind | typeof harmless>({ max: 10_000 })
const rememberedCharactersMax = 256

/** `confidentialKind`, quick for values that were asked for before. */
export function verdictOn(value: string): ConfidentialKind | undefined {
  const known = verdicts.get(value)
  if (known !== undefined) return known === harmless ? undefined : known
  const kind = confidentialKind(value)
  if (value.length <= rememberedCharactersMax) verdicts.set(value, kind ?? harmless)
  return kind
}
