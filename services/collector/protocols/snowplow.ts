/**
 * Snowplow's tracker protocol (https://docs.snowplow.io/docs/events/going-deeper/event-parameters/): batches by POST, one
 * event by GET, which is answered with a picture. The app id (`aid`) is the key.
 */
import { type Answer, type Dialect, posts, problemAnswer, type RequestHead, type SentRequest } from './dialect.ts'
import type { DialectOptions } from './dialect-options.ts'
import { areSenderKeys, bearerOrInBody, parseBody, requireAtMost, wrongForm, wrongSenderKey } from './foreign-body.ts'
import { ForeignEvents, ForeignReading } from './foreign-events.ts'
import { isMembers, member } from './members.ts'
import { cookieless } from './page-event.ts'
import { isAhead, picture } from './pixel.ts'
import { snowplowEvent } from './snowplow-event.ts'

const taken: Answer = { status: 200, contentType: 'text/plain; charset=utf-8', body: 'ok' }
const whereTheKeyIs = 'as the app id (`aid`) of every event'

export function snowplowDialect(options: DialectOptions): Dialect {
  const { isSenderKey, limits, eventsMax } = options
  const events = new ForeignEvents(options)
  return {
    name: 'snowplow',
    routes: [...posts('/com.snowplowanalytics.snowplow/tp2'), { method: 'GET', path: '/i' }],
    limits,
    declined: answerTo,
    authorize: ({ headers }) => bearerOrInBody(headers, isSenderKey, whereTheKeyIs),
    read(request) {
      const items = itemsOf(request)
      const keys = items.map((item) => (isMembers(item) ? member(item, 'aid') : undefined))
      if (!request.authorized && !areSenderKeys(keys, isSenderKey)) throw wrongSenderKey(whereTheKeyIs)
      requireAtMost(eventsMax, items)
      // By this header a tracker asks that no cookie tells its visitor from others.
      const isAnonymous = request.headers['sp-anonymous'] !== undefined
      const reading = new ForeignReading(events, isAnonymous ? cookieless(request) : request)
      if (!isAhead(request)) for (const item of items) reading.take(snowplowEvent(item, request.sender, events.fields))
      return { ...reading.done(answerTo(request)), cookieless: isAnonymous }
    },
    // Its trackers send again what is 413, for ever; not what is 400.
    refused: (problem) => problemAnswer(problem.status === 413 ? { ...problem, status: 400 } : problem),
  }
}

function answerTo({ method }: RequestHead): Answer {
  return method === 'POST' ? taken : picture(200)
}

function itemsOf({ method, url, body }: SentRequest): readonly unknown[] {
  if (method !== 'POST') {
    const at = url.indexOf('?')
    return [Object.fromEntries(new URLSearchParams(at < 0 ? '' : url.slice(at)))]
  }
  const document = parseBody(body)
  const data = isMembers(document) ? member(document, 'data') : undefined
  if (Array.isArray(data)) return data
  // An object without events has no key either, which is what it is told.
  if (isMembers(document)) return []
  throw wrongForm('{"schema":"iglu:com.snowplowanalytics.snowplow/payload_data/…","data":[…]}')
}
