/** What all events of a body have in common, word for word: from its first event, where in the body each piece stands. */
import { isPlain } from '../json-body.ts'
import type { Given } from './native-fields.ts'

/** How common JSON writers separate; `between` stands between members and between events. */
const writers = [
  { head: '{"events":[', colon: ':', between: ',', tail: ']}' },
  // Python's json.dumps
  { head: '{"events": [', colon: ': ', between: ', ', tail: ']}' },
] as const
type Writer = (typeof writers)[number]
const headMax = Math.max(...writers.map(({ head }) => head.length))

type SlotName = 'id' | 'time' | 'feature'

/** A part of the body: where it begins and ends. */
export interface Piece {
  readonly start: number
  readonly end: number
}

export interface AlikeTemplate {
  /** The first event, parsed. */
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

/**
 * The template of a body. Undefined unless its first event is flat, is ASCII without a backslash or DEL (so that a string
 * ends at the next quote), has the three slots, and has the text that one of the writers makes of its members, one by one.
 */
export function templateOf(body: Buffer): AlikeTemplate | undefined {
  const end = body.indexOf(0x7d) + 1
  if (end === 0) return undefined
  const start = body.subarray(0, end)
  if (!isPlain(start)) return undefined
  const text = start.toString('latin1')
  const head = text.slice(0, headMax)
  const writer = writers.find((one) => head.startsWith(one.head))
  const event = writer && parseObject(text.slice(writer.head.length))
  return event && rebuilt(event, text, writer)
}

/** The text is made again as the writer makes it, and compared. @param text the body until its first event's end */
function rebuilt(event: Given, text: string, { head, colon, between, tail }: Writer): AlikeTemplate | undefined {
  const slots: SlotName[] = []
  const pieces: Piece[] = []
  let pieceStart = head.length
  let made = `${head}{`
  let separator = ''
  for (const name in event) {
    const value = event[name]
    made += `${separator}"${name}"${colon}`
    separator = between
    if (typeof value === 'string') {
      if (name === 'id' || name === 'time' || name === 'feature') {
        slots.push(name)
        pieces.push({ start: pieceStart, end: made.length + 1 })
        pieceStart = made.length + 1 + value.length
      }
      made += `"${value}"`
    } else if (typeof value === 'object' && value !== null) return undefined
    else made += String(value)
  }
  pieces.push({ start: pieceStart, end: text.length })
  return slots.length === 3 && `${made}}` === text ? { event, between, tail, slots, pieces } : undefined
}

/** Flat: a brace inside a string, or an object inside the event, is a mistake of this reading and no error. */
function parseObject(text: string): Given | undefined {
  try {
    return JSON.parse(text) as Given
  } catch {
    return undefined
  }
}
