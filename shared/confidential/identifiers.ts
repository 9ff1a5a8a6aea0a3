/** Identifiers: UUIDs, long hexadecimal ids and digests, long numbers; and strings that no language would have made. */

/** Shorter strings are too few characters to tell chance from a name. */
const randomCharactersMin = 16
/** Of the pairs that can be judged; words of English and of software are above, random letters well below. */
const naturalShareMin = 0.36

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

/** Pairs of letters that are common in English words and in names of software. */
const commonPairs = new Set(
  (
    'th he in er an re nd at on nt ha es st en ed to it ou ea hi is or ti as te et ng of al de se le sa si ar ve ra ld ur ' +
    'me ne wa li ll tt ff ss ee oo ro ic io la el co om ma us ce ec ch sh ca pe ta em na ge di un no tr rt ac ad ag am ap av ' +
    'ba be bl bo br bu ck cl cr ct da do dr ei ep ev ex fa fe fi fo fr ga gi gr gu id ie if ig il im ir ke ki ks ku lo lu ly ' +
    'mi mo mp mu my ni ns nu od og ol op os ot ow pa ph pi pl po pp pr ps qu ri rk rm rn rs ru rv sc sk sm so sp su sw sy ts ' +
    'tu ty ub ud ui ul um up ut va vi vo we wi wn wo wr ws ys za ka lt ls rc rd ry ay ey oc ob af ab ak aw dg ds dm dl ' +
    'fl gl gh hu ho ht je jo ju kn kt mb ml nc nf nk nl ny pt rg rl xt yp yt ze zo ia ua ue oa oi ox ax'
  ).split(' '),
)
