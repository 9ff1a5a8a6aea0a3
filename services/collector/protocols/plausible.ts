/**
 * Plausible's Events API (https://plausible.io/docs/events-api): one event a request, with the short names that its
 * tracker sends or the long ones of its documentation, whatever the body is labelled as. The site's domain is the key.
 *
 * Its events have no identifier, and neither has whoever sends them: a visitor is counted by our cookie or by address and
 * user agent, and a request that is sent again is another event. Its tracker sends nothing again.
 */
import type { KeyCheck } from '../../../shared/http/authorization.ts'
import { markIn } from '../privacy/event-marks.ts'
import { type Answer, type Dialect, posts, problemAnswer, type SentRequest } from './dialect.ts'
import type { DialectOptions } from './dialect-options.ts'
import { bearerOrInBody, parseBody, wrongForm, wrongSenderKey } from './foreign-body.ts'
import type { ForeignEvent } from './foreign-event.ts'
import { ForeignEvents, ForeignReading, stableId } from './foreign-events.ts'
import { identifierOf, isMembers, type Members, member } from './members.ts'
import { pathOfPage } from './page-path.ts'

const taken: Answer = { status: 202, contentType: 'text/plain; charset=utf-8', body: 'ok' }
/** Says how long a page was looked at, whose view has been counted already. */
const engagement = 'engagement'
const whereTheKeyIs = 'as `d` or `domain` in the body'

export function plausibleDialect(options: DialectOptions): Dialect {
  const { isSenderKey, limits } = options
  const events = new ForeignEvents(options)
  return {
    name: 'plausible',
    routes: posts('/api/event'),
    limits,
    declined: () => taken,
    authorize: ({ headers }) => bearerOrInBody(headers, isSenderKey, whereTheKeyIs),
    read(request) {
      const sent = parseBody(request.body)
      if (!isMembers(sent)) throw wrongForm('{"d":"<domain>","n":"pageview","u":"<URL>"}')
      if (!request.authorized && !isOfKnownSite(sent, isSenderKey)) throw wrongSenderKey(whereTheKeyIs)
      const name = shortOrLong(sent, 'n', 'name')
      if (typeof name !== 'string' || name === '') throw wrongForm('the event’s name as `n` or `name`')
      const reading = new ForeignReading(events, request)
      reading.take(plausibleEvent(sent, name, request, events.fields))
      return reading.done(taken)
    },
    refused: (problem) => problemAnswer(problem),
  }
}

function plausibleEvent(
  sent: Members,
  name: string,
  { sender, body }: SentRequest,
  declared: ForeignEvents['fields'],
): ForeignEvent {
  const properties = propertiesOf(sent)
  const marks = [markIn(properties, declared), markIn(sent)]
  return {
    id: stableId(undefined, () => `${sender.receivedAt} ${body.toString('latin1')}`),
    time: sender.receivedAt,
    about: aboutOf(name, sent),
    identifiers: { cluster: identifierOf(properties, 'clusterId') ?? identifierOf(properties, 'cluster') },
    mark: marks.find((mark) => mark === 'child') ?? marks.find((mark) => mark !== undefined),
    // A server that sends for a browser passes on its user agent.
    route: sender.userAgent.startsWith('Mozilla/') ? 'browser' : sender.route,
    userAgent: sender.userAgent,
    policy: member(properties, 'policy'),
    field: (field) =>
      member(properties, field) ?? (field === 'version' ? member(properties, 'environmentVersion') : undefined),
  }
}

/** A tracker may name several domains, with commas between them; the event is counted once. */
function isOfKnownSite(sent: Members, isSenderKey: KeyCheck): boolean {
  const domains = shortOrLong(sent, 'd', 'domain')
  return typeof domains === 'string' && domains.split(',', 20).some((domain) => isSenderKey(domain.trim()))
}

function aboutOf(name: string, sent: Members): ForeignEvent['about'] {
  if (name === engagement) return 'person'
  if (name !== 'pageview') return { name }
  const url = shortOrLong(sent, 'u', 'url')
  const mode = shortOrLong(sent, 'h', 'hashMode')
  return { path: (mode === 1 || mode === true ? pathInHash(url) : undefined) ?? pathOfPage(undefined, url) }
}

/** Of pages that keep their path behind a `#`, as DC/OS' do. */
function pathInHash(url: unknown): string | undefined {
  const at = typeof url === 'string' ? url.indexOf('#/') : -1
  return at < 0 ? undefined : pathOfPage((url as string).slice(at + 1), undefined)
}

/** The object, or, of trackers of old, its JSON text. */
function propertiesOf(sent: Members): Members {
  const given = shortOrLong(sent, 'p', 'props') ?? shortOrLong(sent, 'm', 'meta')
  if (isMembers(given)) return given
  if (typeof given !== 'string') return {}
  try {
    const parsed = parseBody(Buffer.from(given))
    return isMembers(parsed) ? parsed : {}
  } catch {
    return {}
  }
}

function shortOrLong(sent: Members, short: string, long: string): unknown {
  return member(sent, short) ?? member(sent, long)
}
