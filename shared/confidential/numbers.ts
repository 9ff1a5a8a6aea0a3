/** Numbers with rules of their own: payment cards, bank accounts, social security numbers. */

/** Issuers' prefixes (ISO/IEC 7812) and how long their numbers are. */
const issuers: readonly [RegExp, readonly number[]][] = [
  [/^4/, [13, 16, 19]],
  [/^(?:5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, [16]],
  [/^3[47]/, [15]],
  [/^(?:6011|64[4-9]|65|62|81)/, [16, 17, 18, 19]],
  [/^35(?:2[89]|[3-8])/, [16, 17, 18, 19]],
  [/^3(?:0[0-5]|[689])/, [14, 16, 19]],
  [/^(?:50|5[6-9]|6)/, [12, 13, 14, 15, 16, 17, 18, 19]],
  [/^(?:220[0-4]|9792)/, [16]],
]

export function hasCard(text: string): boolean {
  for (const [found] of text.matchAll(/\d(?:[ .-]?\d){11,40}/g)) {
    const groups = found.split(/[ .-]/)
    // Something may stand before and after, between the same separators.
    for (let from = 0; from < groups.length; from++) {
      let digits = ''
      for (let to = from; to < groups.length && digits.length < 19; to++) {
        digits += groups[to]
        if (isCard(digits)) return true
      }
    }
  }
  return false
}

function isCard(digits: string): boolean {
  if (digits.length < 12 || digits.length > 19) return false
  return (
    issuers.some(([prefix, lengths]) => prefix.test(digits) && lengths.includes(digits.length)) && passesLuhn(digits)
  )
}

function passesLuhn(digits: string): boolean {
  let sum = 0
  for (let at = 0; at < digits.length; at++) {
    const doubled = Number(digits[digits.length - 1 - at]) * (at % 2 === 1 ? 2 : 1)
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return sum % 10 === 0
}

/** Country and length, from the registry of ISO 13616. */
const ibanLengths = new Map(
  (
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ' +
    'ES24 FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 ' +
    'LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 ' +
    'QA29 RO24 RS22 SA24 SC31 SE24 SI19 SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20'
  )
    .split(' ')
    .map((one) => [one.slice(0, 2), Number(one.slice(2))] as const),
)

/** Country, check digits, account; the remainder of the whole by 97 is 1. */
export function hasIban(text: string): boolean {
  for (const { 0: found, index } of text.matchAll(/[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,30}/gi)) {
    if (/\w/.test(text[index - 1] ?? ' ')) continue
    const whole = found.replace(/[ -]/g, '').toUpperCase()
    // What follows may have been taken along.
    const length = ibanLengths.get(whole.slice(0, 2)) ?? 0
    if (length > 0 && whole.length >= length && isIban(whole.slice(0, length))) return true
  }
  return false
}

function isIban(text: string): boolean {
  let remainder = 0
  for (const one of text.slice(4) + text.slice(0, 4)) {
    const value = Number.parseInt(one, 36)
    remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97
  }
  return remainder === 1
}

/** US social security and taxpayer numbers as they are written, with their ranges. */
export function hasNationalId(text: string): boolean {
  return /(?<![\w-])(?!000|666)\d{3}([- ])(?!00)\d{2}\1(?!0000)\d{4}(?![\w-])/.test(text)
}
