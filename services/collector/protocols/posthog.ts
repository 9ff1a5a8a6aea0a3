/**
 * PostHog's capture API (https://posthog.com/docs/api/capture), as posthog-node and posthog-js use it: `/batch/`,
 * `/capture/`, `/e/` and `/i/v0/e/`, with the key in the body; and `/i/v1/analytics/events`, with the key as a bearer
 * token and an answer for each event. What its libraries ask for besides is in ./posthog-questions.ts.
 */
import { markIn } from '../privacy/event-marks.ts'
import { type Answer, type Dialect, jsonAnswer, pathOf, posts, problemAnswer, type RequestHead } from './dialect.ts'
import type { DialectOptions } from './dialect-options.ts'
import { areSenderKeys, bearerOrInBody, requireAtMost, wrongSenderKey } from './foreign-body.ts'
import { ForeignEvents, ForeignReading } from './foreign-events.ts'
import { isMembers, member } from './members.ts'
import { posthogKeys, readPosthogBody } from './posthog-body.ts'
import { posthogEvent, timeOf } from './posthog-event.ts'

const perEventPath = '/i/v1/analytics/events'
const paths = ['/batch', '/capture', '/e', '/i/v0/e'].flatMap((path) => [path, `${path}/`])
const success = jsonAnswer('{"status":"Ok"}')
/** A page that is being left asks for it with `beacon=1`. */
const successWithoutBody: Answer = { status: 204, contentType: undefined, body: '' }
const whereTheKeyIs = 'as `api_key` in the body (`/i/v1`: as bearer token)'
/** Seconds, which libraries of old sent here, are below. */
const sentMsMin = Date.UTC(2020, 0, 1)

export function posthogDialect(options: DialectOptions): Dialect {
  const { isSenderKey, limits, eventsMax } = options
  const events = new ForeignEvents(options)
  return {
    name: 'posthog',
    routes: posts(...paths, perEventPath),
    limits,
    declined: answerTo,
    authorize({ headers, url }) {
      const known = bearerOrInBody(headers, isSenderKey, whereTheKeyIs)
      if (known === 'in-body' && pathOf(url) === perEventPath) throw wrongSenderKey(whereTheKeyIs)
      return known
    },
    read(request) {
      const body = readPosthogBody(request.body)
      if (!request.authorized && !areSenderKeys(posthogKeys(body), isSenderKey)) throw wrongSenderKey(whereTheKeyIs)
      requireAtMost(eventsMax, body.events)
      const reading = new ForeignReading(events, request)
      reading.wishes.ofAll = markIn(body.around)
      const context = { sentAt: sentAtOf(body.around, request), sender: request.sender, declared: events.fields }
      const verdicts = body.events.map((event) => reading.take(posthogEvent(event, context)))
      return reading.done(pathOf(request.url) === perEventPath ? perEvent(body.events, verdicts) : answerTo(request))
    },
    refused: (problem) => problemAnswer(problem),
  }
}

function answerTo({ url }: RequestHead): Answer {
  if (pathOf(url) === perEventPath) return jsonAnswer('{"results":{}}')
  return queryOf(url).get('beacon') === '1' ? successWithoutBody : success
}

/** By `uuid`; of an event that cannot be counted it says so, and the library does not send it again. */
function perEvent(events: readonly unknown[], verdicts: readonly (string | undefined)[]): Answer {
  const results = new Map<string, object>()
  for (const [at, event] of events.entries()) {
    const uuid = isMembers(event) ? member(event, 'uuid') : undefined
    const verdict = verdicts[at]
    if (typeof uuid !== 'string') continue
    const isTaken = verdict === undefined || verdict === 'declined'
    results.set(uuid, isTaken ? { result: 'ok' } : { result: 'drop', details: verdict })
  }
  return jsonAnswer(JSON.stringify({ results: Object.fromEntries(results) }))
}

/** In the body, in a header, or as `_` in the query. @returns ms since the Unix epoch by the sender's clock, or NaN */
function sentAtOf(around: Record<string, unknown>, { url, headers }: RequestHead): number {
  const time = timeOf(member(around, 'sent_at') ?? headers['posthog-request-timestamp'])
  if (!Number.isNaN(time)) return time
  const query = queryOf(url)
  const sent = Number(query.get('_') ?? query.get('sent_at') ?? Number.NaN)
  return sent >= sentMsMin ? sent : Number.NaN
}

function queryOf(url: string): URLSearchParams {
  const at = url.indexOf('?')
  return new URLSearchParams(at < 0 ? '' : url.slice(at))
}
