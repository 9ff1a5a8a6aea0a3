/**
 * Numbers that identify somebody, built from the rules of who gives them out (ITU-T E.164 and national plans, ISO/IEC 7812,
 * the registry of ISO 13616, the US SSA), not from what the detector looks for.
 */
import fc from 'fast-check'

const digits = (length: number) =>
  fc.array(fc.integer({ min: 0, max: 9 }), { minLength: length, maxLength: length }).map((all) => all.join(''))

/** `#` a digit, `N` 2–9, `Z` 1–9, anything else itself; spaces become the separator. */
function filled(form: string, separators = [' ', '-', '.', '']): fc.Arbitrary<string> {
  const pieces = [...form].map((one) => {
    const min = { '#': 0, Z: 1, N: 2 }[one]
    return min === undefined ? fc.constant(one) : fc.integer({ min, max: 9 }).map(String)
  })
  const separator = fc.constantFrom(...separators)
  return fc.tuple(fc.tuple(...pieces), separator).map(([all, between]) => all.join('').replaceAll(' ', between))
}

/** Country codes and subscribers' numbers. */
const international = [
  ...['1 N## N## ####', '44 20 N### ####', '44 7N## ######', '49 30 Z#####', '49 1Z# #######', '33 Z ## ## ## ##'],
  ...['34 6Z# ### ###', '31 6 N#######', '41 44 N## ## ##', '46 8 Z## ### ##', '7 4Z5 ### ## ##', '81 3 N### ####'],
  ...['91 9Z### #####', '55 11 9Z### ####', '61 4Z# ### ###', '65 6### ####', '972 50 ### ####', '234 80Z ### ####'],
  ...['39 0Z #### ####', '86 13Z #### ####', '353 1 N## ####'],
]
const national = [
  ...[
    '(N##) N##-####',
    'N##-N##-####',
    '1-8NN-N##-####',
    '020 7Z## ####',
    '07Z## ######',
    '030 Z#####',
    '0Z ## ## ## ##',
  ],
  ...['6Z# ### ###', '06-N#######', '044 N## ## ##', '8 (4Z5) ###-##-##', '03-N###-####', '13Z########', '9Z### #####'],
  ...['(11) 9Z###-####', '04Z# ### ###', '(02) 9### ####', 'N##NN#####'],
]
export const phone = fc.oneof(
  fc.constantFrom(...international).chain((form) => filled(`+${form}`)),
  fc.constantFrom(...international).chain((form) => filled(`00 ${form}`, [' ', ''])),
  fc.constantFrom(...national).chain((form) => filled(form, [' '])),
)

/** Issuer, length, and how it is printed. */
const cards: readonly [string, number, readonly number[]][] = [
  ...(['4', '51', '52', '53', '54', '55', '2221', '2500', '2720', '6011', '65', '3530', '62'].map((prefix) => [
    prefix,
    16,
    [4, 4, 4, 4],
  ]) as [string, number, number[]][]),
  ['34', 15, [4, 6, 5]],
  ['37', 15, [4, 6, 5]],
  ['36', 14, [4, 6, 4]],
  ['305', 14, [4, 6, 4]],
]
export const card = fc.constantFrom(...cards).chain(([prefix, length, groups]) =>
  fc.tuple(digits(length - prefix.length - 1), fc.constantFrom('', ' ', '-')).map(([rest, between]) => {
    const whole = prefix + rest + checkDigit(prefix + rest)
    let at = 0
    const printed = groups.map((size) => {
      at += size
      return whole.slice(at - size, at)
    })
    return printed.join(between)
  }),
)

/** Luhn (ISO/IEC 7812-1, annex B), from the right of what stands before it. */
function checkDigit(before: string): number {
  let sum = 0
  for (const [index, digit] of [...before].reverse().entries()) {
    const value = Number(digit) * (index % 2 === 0 ? 2 : 1)
    sum += Math.floor(value / 10) + (value % 10)
  }
  return (10 - (sum % 10)) % 10
}

/** BBAN structures of the registry: n digits, a upper-case letters, c either. */
const accounts: Record<string, string> = {
  ...{
    DE: '18n',
    GB: '4a14n',
    FR: '10n11c2n',
    NL: '4a10n',
    ES: '20n',
    IT: '1a10n12c',
    CH: '5n12c',
    AT: '16n',
    BE: '12n',
  },
  ...{
    NO: '11n',
    SE: '20n',
    PL: '24n',
    PT: '21n',
    IE: '4a14n',
    DK: '14n',
    FI: '14n',
    CZ: '20n',
    GR: '7n16c',
    MT: '4a5n18c',
    SA: '2n18c',
  },
}
const alphabets: Record<string, string> = { n: '0123456789', a: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ' }
alphabets.c = `${alphabets.n}${alphabets.a}`
export const iban = fc.constantFrom(...Object.keys(accounts)).chain((country) => {
  const parts = [...(accounts[country] ?? '').matchAll(/(\d+)([nac])/g)].map(([, length, kind = '']) =>
    fc
      .array(fc.constantFrom(...(alphabets[kind] ?? '')), { minLength: Number(length), maxLength: Number(length) })
      .map((all) => all.join('')),
  )
  return fc.tuple(fc.tuple(...parts), fc.boolean(), fc.boolean()).map(([all, isPrinted, isLower]) => {
    const account = all.join('')
    const numeric = [...`${account}${country}00`].map((one) => Number.parseInt(one, 36)).join('')
    const whole = `${country}${String(98n - (BigInt(numeric) % 97n)).padStart(2, '0')}${account}`
    const text = isPrinted ? whole.replace(/(.{4})(?!$)/g, '$1 ') : whole
    return isLower ? text.toLowerCase() : text
  })
})

export const nationalId = fc
  .tuple(fc.integer({ min: 1, max: 899 }), fc.integer({ min: 1, max: 99 }), fc.integer({ min: 1, max: 9999 }))
  .filter(([area]) => area !== 666)
  .map(
    ([area, group, serial]) =>
      `${String(area).padStart(3, '0')}-${String(group).padStart(2, '0')}-${String(serial).padStart(4, '0')}`,
  )
