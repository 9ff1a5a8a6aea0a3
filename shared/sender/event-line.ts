/** A tracked event as the line that will be sent, with its id and its time: made once, whatever happens to it later. */
import type { TrackedEvent } from './options.ts'
import type { SenderParts } from './parts.ts'

/** Bytes that one UTF-16 unit can take at most. */
const unitBytesMax = 3

/**
 * JSON and a line's end, or why there is none. Never throws, whatever the host passes: a cycle, a BigInt, a getter that
 * does.
 */
export function eventLine(
  event: TrackedEvent,
  defaults: object,
  bytesMax: number,
  parts: Pick<SenderParts, 'now' | 'newId'>,
): string | { readonly reason: 'not-json' | 'too-large' } {
  try {
    if (typeof event !== 'object' || event === null || Array.isArray(event)) return { reason: 'not-json' }
    const made = { id: undefined, time: undefined, ...defaults, ...event } as { id: unknown; time: unknown }
    made.id ??= parts.newId()
    made.time ??= new Date(parts.now())
    const line = JSON.stringify(made)
    const isTooLarge = line.length * unitBytesMax > bytesMax && Buffer.byteLength(line) > bytesMax
    return isTooLarge ? { reason: 'too-large' } : `${line}\n`
  } catch {
    return { reason: 'not-json' }
  }
}
