/**
 * Bodies as programs write them: `{"events":[…]}` without other members, its events flat and, but for id, time and
 * feature, the same text. Such a body is not parsed as a whole: the first event is, and the others are compared with it
 * in long pieces, which takes a quarter of the time that the engine's JSON parser would.
 *
 * Nothing is guessed. Whatever is not word for word as expected (another member, another order, a space, an event that
 * would be rejected) makes `readAlike` give up, and the caller reads the body anew with the parser.
 */
import type { Given } from './native-fields.ts'

/** How common JSON writers separate; `between` stands between members and between events. */
const writers = [
  { head: '{"events":[', colon: ':', between: ',', tail: ']}' },
  // Python's json.dumps
  { head: '{"events": [', colon: ': ', between: ', ', tail: ']}' },
] as const
type Writer = (typeof writers)[number]

const slotNames = ['id', 'time', 'feature'] as const
type SlotName = (typeof slotNames)[number]

/** Takes the events, or not; one with a control character it must not take. */
export interface AlikeReader {
  /** The first event, parsed; undefined when it was taken, else what is wrong with it. */
  admit(event: Given): unknown
  /** The event admitted last again, with another id, time and feature. */
  admitAlike(id: string, time: string, feature: string): boolean
}

/**
 * Reads the events of a body. Undefined when it gives up: what the reader has taken by then must be thrown away.
 * @param text of a body that is plain: ASCII without a backslash or DEL, so that a string ends at the next quote
 * @returns the number of events, all of them taken
 */
export function readAlike(text: string, eventsMax: number, reader: AlikeReader): number | undefined {
  const writer = writers.find(({ head }) => text.startsWith(head))
  if (!writer) return undefined
  const start = writer.head.length
  const end = text.indexOf('}', start) + 1
  const event = end === 0 ? undefined : parseObject(text.slice(start, end))
  const template = event && templateOf(event, text.slice(start, end), writer)
  if (!template || reader.admit(event) !== undefined) return undefined
  return readOthers(text, end, template, writer, eventsMax, reader)
}

interface Template {
  /** The text before each slot, and after the last one. */
  readonly pieces: readonly [string, string, string, string]
  /** The slots in their order. */
  readonly slots: readonly [SlotName, SlotName, SlotName]
}

function readOthers(
  text: string,
  start: number,
  { pieces, slots }: Template,
  { between, tail }: Writer,
  eventsMax: number,
  reader: AlikeReader,
): number | undefined {
  const [piece0, piece1, piece2, piece3] = pieces
  const idSlot = slots.indexOf('id')
  const timeSlot = slots.indexOf('time')
  const before = between + piece0
  let at = start
  let events = 1
  // A slice compared as a whole: `startsWith` compares a character at a time and takes five times as long.
  for (; text.slice(at, at + before.length) === before; events++) {
    if (events === eventsMax) return undefined
    const start0 = at + before.length
    const end0 = text.indexOf('"', start0)
    const start1 = end0 + piece1.length
    if (end0 < 0 || text.slice(end0, start1) !== piece1) return undefined
    const end1 = text.indexOf('"', start1)
    const start2 = end1 + piece2.length
    if (end1 < 0 || text.slice(end1, start2) !== piece2) return undefined
    const end2 = text.indexOf('"', start2)
    at = end2 + piece3.length
    if (end2 < 0 || text.slice(end2, at) !== piece3) return undefined
    const value0 = text.slice(start0, end0)
    const value1 = text.slice(start1, end1)
    const value2 = text.slice(start2, end2)
    const id = idSlot === 0 ? value0 : idSlot === 1 ? value1 : value2
    const time = timeSlot === 0 ? value0 : timeSlot === 1 ? value1 : value2
    const feature = idSlot + timeSlot === 3 ? value0 : idSlot + timeSlot === 2 ? value1 : value2
    if (!reader.admitAlike(id, time, feature)) return undefined
  }
  return text.slice(at) === tail ? events : undefined
}

/** The pieces around id, time and feature, if the event's text is what the writer makes of its members, one by one. */
function templateOf(event: Given, text: string, { colon, between }: Writer): Template | undefined {
  const slots: SlotName[] = []
  const pieces: string[] = []
  let piece = '{'
  let rebuilt = ''
  for (const name in event) {
    const value = event[name]
    if (typeof value === 'object' && value !== null) return undefined
    piece += `${piece === '{' && slots.length === 0 ? '' : between}"${name}"${colon}`
    const slot = slotNames.find((one) => one === name)
    if (slot && typeof value === 'string') {
      slots.push(slot)
      pieces.push(`${piece}"`)
      rebuilt += `${piece}"${value}`
      piece = '"'
    } else piece += typeof value === 'string' ? `"${value}"` : String(value)
  }
  pieces.push(`${piece}}`)
  if (slots.length !== slotNames.length || `${rebuilt}${piece}}` !== text) return undefined
  return { pieces: pieces as unknown as Template['pieces'], slots: slots as unknown as Template['slots'] }
}

/** Flat: a brace inside a string, or an object inside the event, is a mistake of this reading and no error. */
function parseObject(text: string): Given | undefined {
  try {
    return JSON.parse(text) as Given
  } catch {
    return undefined
  }
}
