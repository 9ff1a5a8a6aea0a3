/** Email addresses and telephone numbers. Every pattern is bounded, so that hostile text costs no more than its length. */

/** What follows an @ in the names of packages and is no host: a version, a tag. */
const packageVersion = /^v?\d{1,6}(?:\.(?:\d{1,6}|x)){0,3}(?:[-+][\w-]*(?:\.\d{1,6}){0,3})?$/i
const packageTag = /^(?:latest|next|stable|canary|beta|alpha|main|master|HEAD)$/
const afterAt =
  /^(?:\[(?:IPv6:)?[\dA-Fa-f:.]{3,45}\]|[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,62}[\p{L}\p{N}])?(?:\.[\p{L}\p{N}-]{1,63}){0,8})/u
const beforeAt = /(?:[\p{L}\p{N}._%+'!#$&*/=?^`{|}~:-]|")$/u

/** Somebody at some host: with or without a top-level domain, quoted, tagged, in any script. */
export function hasEmail(text: string): boolean {
  for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
    const host = text.slice(at + 1, at + 320).trimStart()
    if (!beforeAt.test(text.slice(Math.max(0, at - 2), at).trimEnd())) continue
    const [found] = afterAt.exec(host) ?? []
    if (found === undefined) continue
    if (packageTag.test(found)) continue
    if (packageVersion.test(found) && !/^\d{1,3}(?:\.\d{1,3}){3}$/.test(found)) continue
    return true
  }
  return false
}

const digitsMin = 7
const run = /[+(]?\d[\d ()./-]{5,30}\d/g
/** Groups of digits as telephone numbers are written in national forms; `x` is a digit, `_` what stands between. */
const nationalForms = new Set([
  ...['xxx_xxx_xxxx', 'x_xxx_xxx_xxxx', 'xxx_xxx_xxx', 'xxx_xxxx_xxxx', 'xxxxx_xxxxx', 'xxxxx_xxxxxx', 'xxxx_xxx_xxx'],
  ...[
    'x_xxx_xxx_xx_xx',
    'xxx_xxx_xx_xx',
    'xx_xx_xx_xx',
    'xx_xxxx_xxxx',
    'xx_xxxxx_xxxx',
    'xxx_xx_xx_xx',
    'xxx_xx_xx_xxx',
  ],
])

/** International numbers, and national ones as people write them; bare digits where they can hardly be anything else. */
export function hasPhone(text: string): boolean {
  for (const { 0: found, index } of text.matchAll(run)) {
    const before = text[index - 1] ?? ' '
    const after = text[index + found.length] ?? ' '
    if (/[\w.+@]/.test(before) || /\w/.test(after)) continue
    if (isPhone(found)) return true
  }
  return false
}

function isPhone(found: string): boolean {
  const digits = found.replace(/\D/g, '')
  if (digits.length < digitsMin || digits.length > 15 || isDate(found)) return false
  if (found.startsWith('+')) return digits[0] !== '0'
  const groups = found.split(/[^\d]+/).filter((group) => group !== '')
  // A version has dots and short numbers; nobody writes a telephone number with a single digit between two dots.
  const isDotted = found.includes('.') && groups.some((group, at) => group.length === 1 && at > 0)
  if (isDotted) return false
  if (/^\(?00[ -]?[1-9]/.test(found)) return digits.length >= 9 && !found.includes('.')
  if (/^\(?0[1-9]/.test(found)) return digits.length >= 9 && digits.length <= 12
  if (/\(\d{2,5}\)/.test(found)) return digits.length >= 8
  if (groups.length === 1) return isBareNumber(digits)
  if (/^[689]\d{3} \d{4}$/.test(found)) return true
  return nationalForms.has(groups.map((group) => 'x'.repeat(group.length)).join('_'))
}

/** North America, India and others with ten digits; China with eleven. Seconds since 1970 begin with 1. */
function isBareNumber(digits: string): boolean {
  if (digits.length === 10) return /^[2-9]/.test(digits)
  return digits.length === 11 && /^(?:1[3-9]|[78][3-9])/.test(digits)
}

function isDate(found: string): boolean {
  return /^\(?(?:19|20)\d\d[-/. ](?:0\d|1[0-2])[-/. ](?:[0-2]\d|3[01])(?!\d)/.test(found)
}
