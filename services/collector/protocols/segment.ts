/**
 * Segment's HTTP tracking API (https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/), so that
 * DC/OS' own senders and Segment's libraries work with nothing changed but the host. Segment answers success for nearly
 * everything; single events that cannot be counted are left out and counted by reason.
 */
import { basicUser, bearerToken, unauthorized } from '../../../shared/http/authorization.ts'
import { type Problem, ProblemError, problem } from '../../../shared/http/problem.ts'
import { checkDepth, decodeText, parseJson } from '../json-body.ts'
import { SignalReports } from './dcos-signal.ts'
import { ofDcosUi } from './dcos-ui.ts'
import { DeclaredValues } from './declared-values.ts'
import { type Dialect, jsonAnswer, pathOf, posts, problemAnswer, type Reading, type SentRequest } from './dialect.ts'
import type { DialectOptions } from './dialect-options.ts'
import { ForeignEvents, ForeignReading } from './foreign-events.ts'
import { isMembers, type Members, member } from './members.ts'
import { markOfItem, segmentEvent } from './segment-item.ts'

/** Segment's published limits. */
const batchBytesMax = 500 * 1024
const itemBytesMax = 32 * 1024
const success = jsonAnswer('{"success":true}')
const singleTypes = ['track', 'page', 'screen', 'identify', 'group', 'alias'] as const

export function segmentDialect(options: DialectOptions): Dialect {
  const { isSenderKey, limits, eventsMax } = options
  const events = new ForeignEvents(options)
  const declared = new DeclaredValues(options.catalogue)
  const reports = new SignalReports(options.catalogue, declared)
  return {
    name: 'segment',
    routes: posts(...['batch', ...singleTypes].map((type) => `/v1/${type}`)),
    limits: {
      bodyBytesMax: Math.min(limits.bodyBytesMax, batchBytesMax),
      inflatedBytesMax: Math.min(limits.inflatedBytesMax, batchBytesMax),
    },
    declined: () => success,
    authorize({ headers: { authorization } }) {
      if (authorization === undefined) return 'in-body'
      const key = basicUser(authorization) ?? bearerToken(authorization)
      if (key !== undefined && isSenderKey(key)) return 'granted'
      throw wrongKey()
    },
    read(request) {
      const document = parseDocument(request.body)
      if (!request.authorized) {
        const key = member(document, 'writeKey')
        if (typeof key !== 'string' || !isSenderKey(key)) throw wrongKey()
      }
      return readItems(document, request, { events, declared, reports, eventsMax })
    },
    refused: (problem) => problemAnswer(withCodeAndMessage(problem)),
  }
}

function parseDocument(body: Buffer): Members {
  // Items nest (context, traits), so unlike in the native dialect depth is always judged on the text.
  checkDepth(body)
  const document = parseJson(body, decodeText(body))
  if (isMembers(document)) return document
  throw new ProblemError(
    problem(400, 'not-an-object', 'The body is no object', 'Send the JSON object that Segment’s HTTP API describes.'),
  )
}

interface ItemTools {
  readonly events: ForeignEvents
  readonly declared: DeclaredValues
  readonly reports: SignalReports
  readonly eventsMax: number
}

function readItems(document: Members, request: SentRequest, tools: ItemTools): Reading {
  const { events, declared, reports, eventsMax } = tools
  const { url, body, sender } = request
  const path = pathOf(url)
  const type = path.slice(path.lastIndexOf('/') + 1)
  const list = type === 'batch' ? batchOf(document) : [document]
  if (list.length > eventsMax) throw tooMany(eventsMax)
  const reading = new ForeignReading(events, request)
  if (type === 'batch') reading.wishes.ofAll = markOfItem(document)
  const context = {
    type: type === 'batch' ? undefined : type,
    sentAt: member(document, 'sentAt'),
    sender,
    declared: events.fields,
  }
  let taken = 0
  for (const item of list) {
    // Only a body above the limit of one item can have an item above it.
    const text = body.length > itemBytesMax ? JSON.stringify(item) : undefined
    if (text !== undefined && Buffer.byteLength(text) > itemBytesMax) throw itemTooLarge()
    const event = segmentEvent(item, context)
    const found = reports.eventsOf(item, event) ?? [typeof event === 'string' ? event : ofDcosUi(item, event, declared)]
    taken += found.length
    if (taken > eventsMax) throw tooMany(eventsMax)
    for (const one of found) reading.take(one)
  }
  return reading.done(success)
}

function batchOf(document: Members): unknown[] {
  const batch = member(document, 'batch')
  if (Array.isArray(batch)) return batch
  throw new ProblemError(problem(400, 'no-batch', 'The body has no batch', 'Send {"batch":[…]}.'))
}

/** The members `code` and `message` are what Segment's clients read; sizes are 400 there, never 413. */
function withCodeAndMessage(one: Problem): Problem {
  const code = one.type.slice(one.type.lastIndexOf(':') + 1)
  return { ...one, status: one.status === 413 ? 400 : one.status, code, message: `${one.title}. ${one.detail}` }
}

function wrongKey(): ProblemError {
  return unauthorized(
    'Basic',
    'Send the write key as the user name of Basic authorization, or as `writeKey` in the body.',
  )
}

function itemTooLarge(): ProblemError {
  return new ProblemError(
    problem(
      413,
      'event-too-large',
      'An event is too large',
      'One event may have at most 32 KiB. None of the batch was taken; send it without that event.',
    ),
  )
}

function tooMany(eventsMax: number): ProblemError {
  return new ProblemError(
    problem(
      413,
      'too-many-events',
      'The batch has too many events',
      `A batch may have at most ${eventsMax} events. None was taken; send them in several batches.`,
    ),
  )
}
