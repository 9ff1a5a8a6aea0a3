/**
 * What a page sends without asking first: `POST /v1/beacon`, a JSON object as plain text, so that a browser needs no
 * preflight and sends it while the page goes. Our own script speaks it (../tracker/), and so can `navigator.sendBeacon`.
 */
import { type Dialect, posts, problemAnswer } from './dialect.ts'
import type { DialectOptions } from './dialect-options.ts'
import { correctedTime } from './event-time.ts'
import { areSenderKeys, parseBody, requireAtMost, wrongForm, wrongSenderKey } from './foreign-body.ts'
import type { ForeignEvent } from './foreign-event.ts'
import { ForeignEvents, ForeignReading, stableId } from './foreign-events.ts'
import { isMembers, type Members, member } from './members.ts'
import { cookieless, inPage } from './page-event.ts'

/** What browsers have under way for a page that goes, in all. */
const bodyBytesMax = 64 * 1024
const taken = { status: 204, contentType: undefined, body: '' } as const
const form = '{"key":"<write key>","events":[{"id":"…","feature":"…"}]} as text'

export function beaconDialect(options: DialectOptions): Dialect {
  const { isSenderKey, limits, eventsMax } = options
  const events = new ForeignEvents(options)
  return {
    name: 'beacon',
    routes: posts('/v1/beacon'),
    limits: {
      bodyBytesMax: Math.min(limits.bodyBytesMax, bodyBytesMax),
      inflatedBytesMax: Math.min(limits.inflatedBytesMax, bodyBytesMax),
    },
    declined: () => taken,
    authorize: () => 'in-body',
    read(request) {
      const document = parseBody(request.body)
      if (!isMembers(document)) throw wrongForm(form)
      if (!areSenderKeys([member(document, 'key')], isSenderKey)) throw wrongSenderKey('as `key` in the body')
      const list = member(document, 'events')
      if (!Array.isArray(list)) throw wrongForm(form)
      requireAtMost(eventsMax, list)
      const withCookie = member(document, 'cookie') === true
      const reading = new ForeignReading(events, withCookie ? request : cookieless(request))
      for (const item of list)
        reading.take(isMembers(item) ? eventOf(item, reading, options.catalogue.fields) : 'not-an-object')
      return { ...reading.done(taken), cookieless: !withCookie }
    },
    refused: problemAnswer,
  }
}

function eventOf(
  item: Members,
  { senders: { sender } }: ForeignReading,
  declared: ForeignEvents['fields'],
): ForeignEvent {
  const ago = member(item, 'ago')
  const feature = member(item, 'feature')
  const path = member(item, 'path')
  return {
    id: stableId(member(item, 'id'), () => JSON.stringify(item)),
    // Two readings of one clock, a moment apart: whether it is right does not matter.
    time: correctedTime(typeof ago === 'number' && ago >= 0 ? -ago : Number.NaN, 0, sender.receivedAt),
    about: feature === undefined && typeof path === 'string' ? { path } : { name: feature },
    ...inPage(sender, (name) => member(item, name), declared),
  }
}
