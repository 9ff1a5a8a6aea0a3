/** A tracked event as the line that will be sent, with its id and its time: made once, whatever happens to it later. */
import type { TrackedEvent } from './options.ts'
import type { SenderParts } from './parts.ts'

export interface EventLine {
  /** JSON and a line's end. */
  readonly text: string
  readonly bytes: number
}

/** Most events of a busy host are of the same millisecond as the one before. */
let lastTime = Number.NaN
let lastText = ''

/** The line, or why there is none. Never throws, whatever the host passes: a cycle, a BigInt, a getter that does. */
export function eventLine(
  event: TrackedEvent,
  defaults: object,
  bytesMax: number,
  parts: Pick<SenderParts, 'now' | 'newId'>,
): EventLine | 'not-json' | 'too-large' {
  try {
    if (typeof event !== 'object' || event === null || Array.isArray(event)) return 'not-json'
    const made = { id: undefined, time: undefined, ...defaults, ...event } as { id: unknown; time: unknown }
    made.id ??= parts.newId()
    made.time ??= timeText(parts.now())
    const line = JSON.stringify(made)
    // Before the line's end is added: after that it is a string in two pieces, which takes longer to measure.
    const bytes = Buffer.byteLength(line)
    return bytes > bytesMax ? 'too-large' : { text: `${line}\n`, bytes: bytes + 1 }
  } catch {
    return 'not-json'
  }
}

function timeText(time: number): string {
  if (time !== lastTime) {
    lastText = new Date(time).toISOString()
    lastTime = time
  }
  return lastText
}
