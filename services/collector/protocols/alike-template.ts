/** What all events of a body have in common, word for word: from its first event, where in the body each piece stands. */
import { isPlain } from '../json-body.ts'
import type { Given } from './native-fields.ts'

/** How common JSON writers separate; `between` stands between members and between events. */
const writers = [
  { head: '{"events":[', colon: ':', between: ',', tail: ']}' },
  // Python's json.dumps
  { head: '{"events": [', colon: ': ', between: ', ', tail: ']}' },
].map((writer) => ({ ...writer, headBytes: Buffer.from(writer.head) }))
type Writer = (typeof writers)[number]

const slotNames = ['id', 'time', 'feature'] as const
export type SlotName = (typeof slotNames)[number]

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
  readonly slots: readonly [SlotName, SlotName, SlotName]
  /** Before each slot, and after the last one; the first begins with the event, the last ends with it. */
  readonly pieces: readonly [Piece, Piece, Piece, Piece]
}

/**
 * The template of a body. Undefined unless its first event is flat, is ASCII without a backslash or DEL (so that a string
 * ends at the next quote), and has the text that one of the writers makes of its members, one by one.
 */
export function templateOf(body: Buffer): AlikeTemplate | undefined {
  const writer = writers.find(({ headBytes }) => body.subarray(0, headBytes.length).equals(headBytes))
  if (!writer) return undefined
  const start = writer.head.length
  const end = body.indexOf('}', start, 'latin1') + 1
  if (end === 0 || !isPlain(body.subarray(start, end))) return undefined
  const text = body.toString('latin1', start, end)
  const event = parseObject(text)
  return event && rebuilt(event, text, start, writer)
}

function rebuilt(event: Given, text: string, start: number, writer: Writer): AlikeTemplate | undefined {
  const { colon, between, tail } = writer
  const slots: SlotName[] = []
  const pieces: Piece[] = []
  let pieceStart = 0
  let made = '{'
  for (const name in event) {
    const value = event[name]
    if (typeof value === 'object' && value !== null) return undefined
    made += `${made === '{' ? '' : between}"${name}"${colon}`
    const slot = slotNames.find((one) => one === name)
    if (slot && typeof value === 'string') {
      slots.push(slot)
      pieces.push({ start: start + pieceStart, end: start + made.length + 1 })
      pieceStart = made.length + 1 + value.length
    }
    made += typeof value === 'string' ? `"${value}"` : String(value)
  }
  pieces.push({ start: start + pieceStart, end: start + text.length })
  if (slots.length !== slotNames.length || `${made}}` !== text) return undefined
  return {
    ...{ event, between, tail },
    slots: slots as unknown as AlikeTemplate['slots'],
    pieces: pieces as unknown as AlikeTemplate['pieces'],
  }
}

/** Flat: a brace inside a string, or an object inside the event, is a mistake of this reading and no error. */
function parseObject(text: string): Given | undefined {
  try {
    return JSON.parse(text) as Given
  } catch {
    return undefined
  }
}
