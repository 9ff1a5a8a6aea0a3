/**
 * Headcount's own dialect: `POST /v1/events` with `{"events":[…]}` or NDJSON, the write key as a bearer token; answered
 * with `{"accepted":n,"rejected":[{"index","reason","detail"}]}`.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { type RejectReason, rejectReasons } from '../../../shared/drop-reason.ts'
import { bearerToken, unauthorized } from '../../../shared/http/authorization.ts'
import { ProblemError, problem } from '../../../shared/http/problem.ts'
import { decodeText, depthMax, isDeep, isPlain, parseJson, tooDeep } from '../json-body.ts'
import { markIn } from '../privacy/event-marks.ts'
import { EventWishes } from '../privacy/event-wishes.ts'
import { UnitGroups } from '../unit-groups.ts'
import { type Dialect, jsonAnswer, posts, problemAnswer, type Reading } from './dialect.ts'
import type { DialectOptions } from './dialect-options.ts'
import { requireAtMost, tooManyEvents } from './foreign-body.ts'
import { readAlike } from './native-alike.ts'
import { knownFeatures, NativeEvents } from './native-event.ts'
import { eventSizeMax, type Given } from './native-fields.ts'

interface Rejection {
  index: number
  reason: RejectReason
}

export function nativeDialect(options: DialectOptions): Dialect {
  const { catalogue, isSenderKey, limits, eventsMax, hasAgreed } = options
  const features = knownFeatures(catalogue)
  return {
    name: 'native',
    routes: posts('/v1/events'),
    limits,
    declined: () => jsonAnswer('{"accepted":0,"rejected":[]}'),
    authorize({ headers }) {
      const token = bearerToken(headers.authorization)
      if (token !== undefined && isSenderKey(token)) return 'granted'
      throw unauthorized('Bearer', 'Send the header `Authorization: Bearer <write key>`.')
    },
    read(request) {
      const { body } = request
      const lines = isNdjson(request.headers)
      if (!lines) {
        const groups = new UnitGroups(request.sender, true)
        const wishes = new EventWishes(request.isOptedOut)
        const events = new NativeEvents(catalogue, features, groups, wishes, true, hasAgreed)
        const accepted = readAlike(body, eventsMax, events)
        if (accepted !== undefined) return reading(groups, wishes, events, { accepted, rejections: [] })
      }
      const plain = isPlain(body)
      const text = decodeText(body)
      const groups = new UnitGroups(request.sender, plain)
      const wishes = new EventWishes(request.isOptedOut)
      const events = new NativeEvents(catalogue, features, groups, wishes, plain, hasAgreed)
      if (lines) return reading(groups, wishes, events, readLines(text, events, eventsMax))
      return reading(groups, wishes, events, readDocument(parseJson(body, text), events, wishes, eventsMax))
    },
    refused: problemAnswer,
  }
}

/** The only content type that changes how a body is read: NDJSON cannot be told from JSON by looking at one line. */
function isNdjson(headers: IncomingHttpHeaders): boolean {
  const type = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase()
  return type === 'application/x-ndjson' || type === 'application/ndjson' || type === 'application/jsonl'
}

type Read = { accepted: number; rejections: Rejection[] }

function readDocument(document: unknown, events: NativeEvents, wishes: EventWishes, eventsMax: number): Read {
  const list = eventList(document)
  requireAtMost(eventsMax, list)
  wishes.ofAll = markIn(document as Given)
  const rejections: Rejection[] = []
  let accepted = 0
  for (let index = 0; index < list.length; index++) {
    const reason = events.admit(list[index])
    if (reason === 'too-deep') throw tooDeep()
    if (reason === undefined) accepted++
    else if (reason !== 'declined') rejections.push({ index, reason })
  }
  return { accepted, rejections }
}

function eventList(document: unknown): unknown[] {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) throw notAList()
  for (const name in document) {
    if (name !== 'events' && isDeep((document as Record<string, unknown>)[name], depthMax - 1)) throw tooDeep()
  }
  const list = Object.hasOwn(document, 'events') ? (document as { events: unknown }).events : undefined
  if (!Array.isArray(list)) throw notAList()
  return list
}

/** Index: of the line among those that are not blank. */
function readLines(text: string, events: NativeEvents, eventsMax: number): Read {
  const rejections: Rejection[] = []
  let total = 0
  let accepted = 0
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start)
    const end = newline < 0 ? text.length : newline
    const line = text.slice(start, end).trim()
    start = end + 1
    if (line === '') continue
    if (total === eventsMax) throw tooManyEvents(eventsMax)
    const reason = admitLine(line, events)
    if (reason === undefined) accepted++
    else if (reason !== 'declined') rejections.push({ index: total, reason })
    total++
  }
  return { accepted, rejections }
}

function admitLine(line: string, events: NativeEvents): RejectReason | 'declined' | undefined {
  if (line.length > eventSizeMax) return 'event-too-large'
  let event: unknown
  try {
    event = JSON.parse(line)
  } catch {
    return 'not-json'
  }
  return events.admit(event)
}

function reading(
  { records }: UnitGroups,
  wishes: EventWishes,
  { undeclared }: NativeEvents,
  { accepted, rejections }: Read,
): Reading {
  const told = rejections.map(({ index, reason }) => ({ index, reason, detail: rejectReasons[reason] }))
  return {
    records,
    accepted,
    wishes,
    undeclared,
    rejected: rejections.map(({ reason }) => reason),
    answer: (declined) => jsonAnswer(`{"accepted":${accepted - declined},"rejected":${JSON.stringify(told)}}`),
  }
}

function notAList(): ProblemError {
  return new ProblemError(
    problem(
      400,
      'no-event-list',
      'The body has no list of events',
      'Send {"events":[…]}, or one event on each line with Content-Type application/x-ndjson.',
    ),
  )
}
