/**
 * Segment's HTTP tracking API (https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/), so that
 * DC/OS' own senders and Segment's libraries work with nothing changed but the host. Segment answers success for nearly
 * everything; single events that cannot be counted are left out and counted by reason.
 */
import type { Catalogue } from '../../../shared/catalogue.ts'
import type { RejectReason } from '../../../shared/drop-reason.ts'
import { basicUser, bearerToken, type KeyCheck, unauthorized } from '../../../shared/http/authorization.ts'
import { type Problem, ProblemError, problem } from '../../../shared/http/problem.ts'
import { checkDepth, decodeText, parseJson } from '../json-body.ts'
import type { AgreementCheck } from '../policy.ts'
import { EventWishes } from '../privacy/event-wishes.ts'
import type { BodyLimits } from '../request-body.ts'
import type { Dialect, Reading, SentRequest } from './dialect.ts'
import { type Members, markOfItem, member, SegmentItems } from './segment-item.ts'
import { SenderGroups } from './sender-groups.ts'

/** Segment's published limits. */
const batchBytesMax = 500 * 1024
const itemBytesMax = 32 * 1024
const success = '{"success":true}'
const singleTypes = ['track', 'page', 'screen', 'identify', 'group', 'alias'] as const

interface SegmentOptions {
  catalogue: Catalogue
  isWriteKey: KeyCheck
  limits: BodyLimits
  eventsMax: number
  /** Undefined: nobody has to have agreed to anything. */
  hasAgreed?: AgreementCheck | undefined
}

export function segmentDialect({ catalogue, isWriteKey, limits, eventsMax, hasAgreed }: SegmentOptions): Dialect {
  const items = new SegmentItems(catalogue, hasAgreed)
  return {
    name: 'segment',
    paths: ['batch', ...singleTypes].map((type) => `/v1/${type}`),
    limits: {
      bodyBytesMax: Math.min(limits.bodyBytesMax, batchBytesMax),
      inflatedBytesMax: Math.min(limits.inflatedBytesMax, batchBytesMax),
    },
    declined: success,
    authorize({ authorization }) {
      if (authorization === undefined) return 'in-body'
      const key = basicUser(authorization) ?? bearerToken(authorization)
      if (key !== undefined && isWriteKey(key)) return 'granted'
      throw wrongKey()
    },
    read(request) {
      const document = parseDocument(request.body)
      if (!request.authorized) {
        const key = member(document, 'writeKey')
        if (typeof key !== 'string' || !isWriteKey(key)) throw wrongKey()
      }
      return readItems(document, request, items, eventsMax)
    },
    problemFor: withCodeAndMessage,
  }
}

function parseDocument(body: Buffer): Members {
  // Items nest (context, traits), so unlike in the native dialect depth is always judged on the text.
  checkDepth(body)
  const document = parseJson(body, decodeText(body).text)
  if (typeof document === 'object' && document !== null && !Array.isArray(document)) return document as Members
  throw new ProblemError(
    problem(400, 'not-an-object', 'The body is no object', 'Send the JSON object that Segment’s HTTP API describes.'),
  )
}

function readItems(document: Members, request: SentRequest, items: SegmentItems, max: number): Reading {
  const { path, body, sender, isOptedOut } = request
  const type = path.slice(path.lastIndexOf('/') + 1).split('?', 1)[0] ?? ''
  const list = type === 'batch' ? batchOf(document) : [document]
  if (list.length > max) throw tooMany(max)
  const sentAt = member(document, 'sentAt')
  const groups = new SenderGroups(sender)
  const wishes = new EventWishes(isOptedOut)
  if (type === 'batch') wishes.ofAll = markOfItem(document)
  const rejected: RejectReason[] = []
  let accepted = 0
  for (const item of list) {
    // Only a body above the limit of one item can have an item above it.
    const text = body.length > itemBytesMax ? JSON.stringify(item) : undefined
    if (text !== undefined && Buffer.byteLength(text) > itemBytesMax) throw itemTooLarge()
    const reason = items.admit(item, type === 'batch' ? undefined : type, sentAt, groups, wishes)
    if (reason === undefined) accepted++
    else if (reason !== 'declined') rejected.push(reason)
  }
  return { records: groups.records(), accepted, rejected, wishes, answer: () => success }
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
