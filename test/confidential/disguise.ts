/** Ways to write a text so that a reader, or the program behind, still has it. */
import fc from 'fast-check'

type Disguise = (text: string) => string
const percent: Disguise = (text) =>
  text.replace(/[^A-Za-z0-9]/g, (one) =>
    [...Buffer.from(one)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
  )
const entities: Disguise = (text) => text.replace(/[^A-Za-z0-9 ]/gu, (one) => `&#${one.codePointAt(0)};`)
const fullWidth: Disguise = (text) => text.replace(/[!-~]/g, (one) => String.fromCharCode(one.charCodeAt(0) + 0xfee0))
const invisible: Disguise = (text) => [...text].join('\u200b')
const escaped: Disguise = (text) =>
  text.replace(/[^A-Za-z0-9 ]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)
const bold: Disguise = (text) => text.replace(/[0-9]/g, (one) => String.fromCodePoint(0x1d7ce + Number(one)))

/** In most cases none; twice now and then. */
export const disguise: fc.Arbitrary<Disguise> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Disguise>((text) => text) },
  fc.constantFrom(
    percent,
    entities,
    fullWidth,
    invisible,
    escaped,
    bold,
    (text: string) => percent(percent(text)),
    (text: string) => entities(fullWidth(text)),
  ),
)

/** Alone, or among other words. */
export const surroundings = fc.constantFrom<Disguise>(
  (text) => text,
  (text) => text,
  (text) => `see ${text} for more`,
  (text) => `"${text}"`,
  (text) => `(${text})`,
  (text) => `value: ${text};`,
)
