/** What all events of a body have in common, word for word: from its first event, where in the body each piece stands. */
import type { Given } from './native-fields.ts'

/** How common JSON writers separate; `between` stands between members and between events. */
const writers = [
  { head: '{"events":[', colon: ':', between: ',', tail: ']}' },
  // Python's json.dumps
  { head: '{"events": [', colon: ': ', between: ', ', tail: ']}' },
] as const
type Writer = (typeof writers)[number]

type SlotName = 'id' | 'time' | 'feature'

/** A part of the body: where it begins and ends. */
export interface Piece {
  readonly start: number
  readonly end: number
}

export interface AlikeTemplate {
  /** The first event, as JSON.parse would have made it. */
  readonly event: Given
  /** What stands between two events. */
  readonly between: string
  /** What stands after the last one, to the body's end. */
  readonly tail: string
  /** The slots in their order; between the quotes of a slot the events may differ. */
  readonly slots: readonly SlotName[]
  /** Before each slot, and after the last one; the first begins with the event, the last ends with it. */
  readonly pieces: readonly Piece[]
}

/** ASCII that stands for itself in a string of JSON: then a string ends at the next quote. */
const isPlainText = /^[\x20-\x5b\x5d-\x7e]*$/
/** RFC 8259, section 6. */
const isNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/
const quote = 0x22

/**
 * The template of a body. Undefined unless its first event is flat, is ASCII without a backslash, has the three slots as
 * strings and no member twice, and is separated as one of the writers does it. Read here and not by JSON.parse, which would
 * take twice as long and not say where the slots stand.
 */
export function templateOf(body: Buffer): AlikeTemplate | undefined {
  const end = body.indexOf(0x7d) + 1
  if (end === 0) return undefined
  const text = body.toString('latin1', 0, end)
  if (!isPlainText.test(text)) return undefined
  const writer = writers.find(({ head }) => text.startsWith(head))
  return writer && readFirst(text, writer)
}

/** @param text the body until its first brace closes: one inside a string is a mistake of this reading and no error */
function readFirst(text: string, { head, colon, between, tail }: Writer): AlikeTemplate | undefined {
  const event: Given = {}
  const slots: SlotName[] = []
  const pieces: Piece[] = []
  const last = text.length - 1
  if (text[head.length] !== '{') return undefined
  let pieceStart = head.length
  for (let at = head.length + 1; ; at += between.length) {
    const nameEnd = text.indexOf('"', at + 1)
    if (text.charCodeAt(at) !== quote || nameEnd < 0 || !text.startsWith(colon, nameEnd + 1)) return undefined
    const name = text.slice(at + 1, nameEnd)
    // A name twice would be its last value, in the place of its first.
    if (name === '__proto__' || Object.hasOwn(event, name)) return undefined
    const start = nameEnd + 1 + colon.length
    if (text.charCodeAt(start) === quote) {
      const valueEnd = text.indexOf('"', start + 1)
      if (valueEnd < 0) return undefined
      event[name] = text.slice(start + 1, valueEnd)
      if (name === 'id' || name === 'time' || name === 'feature') {
        slots.push(name)
        pieces.push({ start: pieceStart, end: start + 1 })
        pieceStart = valueEnd
      }
      at = valueEnd + 1
    } else {
      at = endOfLiteral(text, start)
      const value = literal(text.slice(start, at))
      if (value === undefined) return undefined
      event[name] = value
    }
    if (at === last) break
    if (!text.startsWith(between, at)) return undefined
  }
  pieces.push({ start: pieceStart, end: text.length })
  return slots.length === 3 ? { event, between, tail, slots, pieces } : undefined
}

/** Of what is no string: before the next comma, or before the brace that ends the event. */
function endOfLiteral(text: string, start: number): number {
  const comma = text.indexOf(',', start)
  return comma < 0 ? text.length - 1 : comma
}

/** Undefined for what is none: an object or an array, above all. */
function literal(text: string): boolean | number | null | undefined {
  if (text === 'true') return true
  if (text === 'false') return false
  if (text === 'null') return null
  return isNumber.test(text) ? Number(text) : undefined
}
