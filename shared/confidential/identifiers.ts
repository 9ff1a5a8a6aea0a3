/** Identifiers: UUIDs, long hexadecimal ids and digests, long numbers; and strings that no language would have made. */

/** Shorter strings are too few characters to tell chance from a name. */
const randomCharactersMin = 16
/** Of the pairs that can be judged: of 100 random strings 98 are below, of 1,000 long names of packages 5. */
const naturalShareMin = 0.5

export function hasIdentifier(text: string): boolean {
  if (/(?<![0-9A-Za-z])[0-9a-f]{8}[-_ ]?(?:[0-9a-f]{4}[-_ ]?){3}[0-9a-f]{12}(?![0-9A-Za-z])/i.test(text)) return true
  if (/(?<![\w.])\d{12,}(?![\w.])/.test(text)) return true
  for (const [found] of text.matchAll(/[0-9A-Fa-f]{12,}/g)) {
    const digits = found.replace(/\D/g, '').length
    if (digits >= 2 && found.length - digits >= 2) return true
  }
  return false
}

/** A run of letters, digits and what base64 has, in which too few neighbours are neighbours in words. */
export function hasRandom(text: string): boolean {
  for (const [found] of text.matchAll(/[\w+/=-]{16,}/g)) if (isRandom(found)) return true
  return false
}

function isRandom(text: string): boolean {
  let judged = 0
  let natural = 0
  let characters = 0
  for (let at = 0; at < text.length; at++) {
    const one = classOf(text.charCodeAt(at))
    if (one === separator) continue
    characters++
    const next = classOf(text.charCodeAt(at + 1))
    // Between words, between numbers and at camel humps there is nothing to judge.
    if (next === separator || (one === digit && next === digit) || (one === lower && next === upper)) continue
    judged++
    if (one !== digit && next !== digit && commonPairs.has(text.slice(at, at + 2).toLowerCase())) natural++
  }
  return characters >= randomCharactersMin && judged >= 8 && natural < judged * naturalShareMin
}

const [separator, digit, lower, upper] = [0, 1, 2, 3]

function classOf(code: number): number {
  if (code >= 0x61 && code <= 0x7a) return 2
  if (code >= 0x41 && code <= 0x5a) return 3
  return code >= 0x30 && code <= 0x39 ? 1 : 0
}

/** Letters that often follow a letter, in names of software: the 180 most common pairs of npm's names, 85 of 100 there. */
const followers: Record<string, string> = {
  ...{ a: 'bcdgilmnprstuy', b: 'aeloru', c: 'aehklorst', d: 'aeiko', e: 'abcdelmnprstvx', f: 'ilo' },
  ...{ g: 'eior', h: 'aeiot', i: 'abcdefglmnoprstv', j: 's', k: 'ei', l: 'aeilostu' },
  ...{ m: 'abeimop', n: 'acdefgiostu', o: 'acdgklmnoprstuw', p: 'aeiloprt', q: 'u', r: 'acdeikmostuy' },
  ...{ s: 'acdehilopst', t: 'acehiorsty', u: 'egilmnrst', v: 'aeiu', w: 'aei', x: 't' },
  ...{ y: 'p' },
}
const commonPairs = new Set(
  Object.entries(followers).flatMap(([one, others]) => [...others].map((other) => one + other)),
)
