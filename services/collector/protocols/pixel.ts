/**
 * A picture of one transparent pixel, for pages without script and for emails: `GET /v1/pixel.gif?key=…&feature=…`.
 * Without `feature` and `path` it counts the page that it stands in, as far as the browser names it.
 */
import { randomUUID } from 'node:crypto'
import type { Answer, Dialect, RequestHead } from './dialect.ts'
import type { DialectOptions } from './dialect-options.ts'
import { wrongSenderKey } from './foreign-body.ts'
import type { ForeignEvent } from './foreign-event.ts'
import { ForeignEvents, ForeignReading, stableId } from './foreign-events.ts'
import { cookieless, inPage } from './page-event.ts'
import { pathOfPage } from './page-path.ts'

const pixel = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==', 'base64')
const headers = { 'cache-control': 'no-store', 'cross-origin-resource-policy': 'cross-origin' }

export function pixelDialect(options: DialectOptions): Dialect {
  const { isSenderKey, catalogue } = options
  const events = new ForeignEvents(options)
  return {
    name: 'pixel',
    routes: [{ method: 'GET', path: '/v1/pixel.gif' }],
    limits: { bodyBytesMax: 0, inflatedBytesMax: 0 },
    declined: () => picture(200),
    authorize(head) {
      if (isSenderKey(parametersOf(head).get('key') ?? '')) return 'granted'
      throw wrongSenderKey('as `key` in the query')
    },
    read(request) {
      const given = parametersOf(request)
      const withCookie = given.get('cookie') === '1'
      const reading = new ForeignReading(events, withCookie ? request : cookieless(request))
      if (!isAhead(request)) reading.take(eventOf(given, request.headers.referer, reading, catalogue.fields))
      return { ...reading.done(picture(200)), cookieless: !withCookie }
    },
    // A browser shows a picture whatever the status: a page is not to look broken because of its counter.
    refused: ({ status }) => picture(status),
  }
}

function eventOf(
  given: URLSearchParams,
  page: string | undefined,
  { senders: { sender } }: ForeignReading,
  declared: ForeignEvents['fields'],
): ForeignEvent {
  const textOf = (name: string): string | undefined => given.get(name) ?? undefined
  const feature = textOf('feature')
  return {
    // Browsers do not ask again by themselves, so each asking is an event.
    id: stableId(textOf('id'), randomUUID),
    time: sender.receivedAt,
    about: feature === undefined ? { path: pathOfPage(textOf('path'), page) } : { name: feature },
    ...inPage(sender, (name) => (declared.get(name) === 'number' ? numberOf(textOf(name)) : textOf(name)), declared),
  }
}

/** What is no number is left out, as in every dialect. */
function numberOf(text: string | undefined): number | undefined {
  return text === undefined || text.trim() === '' ? undefined : Number(text)
}

function parametersOf({ url }: RequestHead): URLSearchParams {
  const query = url.indexOf('?')
  return new URLSearchParams(query < 0 ? '' : url.slice(query + 1))
}

/** Asked for without being shown: for a page that may never be looked at, or only whether it is there. */
export function isAhead({ method, headers: { 'sec-purpose': purpose } }: RequestHead): boolean {
  return method === 'HEAD' || (purpose !== undefined && String(purpose).startsWith('prefetch'))
}

export function picture(status: number): Answer {
  return { status, contentType: 'image/gif', body: pixel, headers }
}
