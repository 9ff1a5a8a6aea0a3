/**
 * Text as a reader takes it, whatever it was written in: percent and HTML encodings, escapes, full-width and foreign
 * digits, invisible characters, letters that only look Latin. For judging, never for keeping.
 */

/** More layers than this are no accident. */
const layersMax = 3
const needsWork = /[^ -~]|[%&\\=]|[[({<] ?(?:at|dot|\.) ?[\])}>]| at .{1,64} dot /iu

/** The text without its disguises; undefined when there are still some after three layers. Linear in its length. */
export function plainText(text: string): string | undefined {
  let plain = text
  for (let layer = 0; layer <= layersMax; layer++) {
    if (!needsWork.test(plain)) return plain
    const next = spelledOut(foldCharacters(decodeEscapes(decodeEntities(decodePercent(plain)))))
    if (next === plain) return plain
    plain = next
  }
  return undefined
}

function decodePercent(text: string): string {
  if (!text.includes('%')) return text
  return text.replace(/(?:%[0-9A-Fa-f]{2})+/g, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'))
}

const entities: Record<string, string> = {
  ...{ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ', commat: '@', period: '.', colon: ':', sol: '/' },
  ...{ bsol: '\\', plus: '+', hyphen: '-', dash: '-', lowbar: '_', equals: '=', num: '#', lpar: '(', rpar: ')' },
  ...{ quest: '?', percnt: '%', shy: '', ZeroWidthSpace: '', zwj: '', zwnj: '' },
}

function decodeEntities(text: string): string {
  if (!text.includes('&')) return text
  return text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|([a-z]{2,14}));?/gi, (whole, hex, decimal, name) => {
    if (name !== undefined) return entities[name] ?? entities[String(name).toLowerCase()] ?? whole
    return character(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)) ?? whole
  })
}

/** `\u0040`, `\x40` of JSON and of scripts; `=40` of mail. */
function decodeEscapes(text: string): string {
  if (!/[\\=]/.test(text)) return text
  const escapes = /\\u\{([0-9a-f]{1,6})\}|\\u([0-9a-f]{4})|\\x([0-9a-f]{2})|=(40|2E|2B)(?![0-9a-f])/gi
  return text.replace(escapes, (whole, braced, long, short, mail) => {
    return character(Number.parseInt(braced ?? long ?? short ?? mail, 16)) ?? whole
  })
}

function character(code: number): string | undefined {
  return code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? String.fromCodePoint(code) : undefined
}

/** Cyrillic, Greek and other letters and signs that are drawn like an ASCII one. */
const lookalikes = new Map<string, string>()
for (const [ascii, others] of Object.entries({
  ...{ a: 'аαɑ', c: 'сϲ', d: 'ԁ', e: 'еҽ', g: 'ɡ', h: 'һ', i: 'іıι', j: 'ј', k: 'κ', l: 'ӏ', m: 'м', n: 'ո', o: 'оοօ' },
  ...{ p: 'рρ', q: 'ԛ', r: 'г', s: 'ѕ', t: 'т', u: 'υս', v: 'νѵ', w: 'ԝѡ', x: 'хχ', y: 'уγ', z: 'ᴢ' },
  ...{
    A: 'АΑ',
    B: 'ВΒ',
    C: 'С',
    E: 'ЕΕ',
    H: 'НΗ',
    I: 'ІΙ',
    K: 'КΚ',
    M: 'МΜ',
    N: 'Ν',
    O: 'ОΟ',
    P: 'РΡ',
    S: 'Ѕ',
    T: 'ТΤ',
  },
  ...{ X: 'ХΧ', Y: 'УΥ', Z: 'Ζ', '@': '⒜ⓐ', '.': '。۔։', ':': '∶ː', '/': '∕⁄╱', '\\': '∖⧵', '-': '−', '+': '᛭' },
}))
  for (const other of others) lookalikes.set(other, ascii)

function foldCharacters(text: string): string {
  if (!/[^ -~]/.test(text)) return text
  const visible = text
    .replace(/[⒜ⓐ]/gu, '@')
    .normalize('NFKD')
    .replace(/[\p{Cf}\p{Mn}\u{115f}\u{1160}\u{3164}]/gu, '')
  return visible.replace(/[^ -~]/gu, (one) => lookalikes.get(one) ?? asciiOfClass(one))
}

function asciiOfClass(one: string): string {
  if (/\p{Nd}/u.test(one)) return String(digitValue(one))
  if (/\p{Zs}|[\t\n\r]/u.test(one)) return ' '
  if (/\p{Pd}/u.test(one)) return '-'
  return one
}

/** Decimal digits stand in Unicode in runs of ten, in order. */
function digitValue(digit: string): number {
  let code = digit.codePointAt(0) ?? 0
  let value = 0
  while (value < 9 && /\p{Nd}/u.test(String.fromCodePoint(code - 1))) {
    code--
    value++
  }
  return value
}

/** `jane (at) example [dot] org`, `jane at example dot org`. */
function spelledOut(text: string): string {
  return text
    .replace(/ ?[[({<] ?at ?[\])}>] ?/gi, '@')
    .replace(/ ?[[({<] ?(?:dot|\.) ?[\])}>] ?/gi, '.')
    .replace(/ at ([\w-]{1,63}) dot (?=[a-z]{2})/gi, '@$1.')
}
