/**
 * Bodies of PostHog's libraries: one event, an array of them, or a batch; as JSON, or as a form whose field `data` has
 * the JSON, in base64 or not (posthog-js when a page is left). What is gzipped has been inflated before.
 */
import { parseBody, wrongForm } from './foreign-body.ts'
import { isMembers, type Members, member, membersOf } from './members.ts'

export interface PosthogBody {
  /** What stands beside the events; empty when nothing does. */
  readonly around: Members
  readonly events: readonly unknown[]
}

/** @throws ProblemError 400 when there are no events in it */
export function readPosthogBody(body: Buffer): PosthogBody {
  const document = readPosthogDocument(body)
  if (Array.isArray(document)) return { around: {}, events: document }
  if (!isMembers(document)) throw wrongForm('an event, an array of events, or {"api_key":"…","batch":[…]}')
  const batch = member(document, 'batch')
  if (Array.isArray(batch)) return { around: document, events: batch }
  if (batch !== undefined) throw wrongForm('{"api_key":"…","batch":[…]}')
  return { around: document, events: [document] }
}

/** @throws ProblemError 400 not JSON, neither as it is nor in a form */
export function readPosthogDocument(body: Buffer): unknown {
  if (!body.subarray(0, 256).includes('data=')) return parseBody(body)
  const first = body[0]
  if (first === 0x7b || first === 0x5b) return parseBody(body)
  const data = new URLSearchParams(body.toString('latin1')).get('data') ?? ''
  // A plus sign of base64 that was not escaped has become a space.
  const isBase64 = /^[A-Za-z0-9+/ ]+={0,2}$/.test(data)
  return parseBody(isBase64 ? Buffer.from(data.replaceAll(' ', '+'), 'base64') : Buffer.from(data))
}

/** Every key that the body has; more than one when each event brings its own. */
export function posthogKeys({ around, events }: PosthogBody): unknown[] {
  const key = keyIn(around) ?? member(membersOf(around, 'properties'), 'token')
  return key === undefined ? events.map((event) => (isMembers(event) ? keyOfEvent(event) : undefined)) : [key]
}

function keyOfEvent(event: Members): unknown {
  return keyIn(event) ?? member(membersOf(event, 'properties'), 'token')
}

export function keyIn(members: Members): unknown {
  return member(members, 'api_key') ?? member(members, 'token')
}
