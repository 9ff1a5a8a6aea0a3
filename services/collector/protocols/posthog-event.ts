/**
 * One event of PostHog as Headcount's. Properties of persons and groups (`$set`, `$groups`), sessions, addresses and
 * everything else that PostHog's libraries add are not read, but for whether they are a child's.
 */
import type { Catalogue } from '../../../shared/catalogue.ts'
import type { RejectReason } from '../../../shared/drop-reason.ts'
import { parseSegmentTime } from '../../../shared/rfc3339.ts'
import { type Mark, markIn } from '../privacy/event-marks.ts'
import type { Sender } from '../unit-groups.ts'
import { correctedTime } from './event-time.ts'
import type { ForeignEvent } from './foreign-event.ts'
import { stableId } from './foreign-events.ts'
import { identifierOf, isMembers, type Members, member, membersOf } from './members.ts'
import { pathOfPage } from './page-path.ts'
import { passedOnUserAgent } from './passed-on.ts'

/** Events about a person or a group, not about a use of anything: taken, and nothing of them is kept. */
const aboutPerson: ReadonlySet<unknown> = new Set([
  '$identify',
  '$set',
  '$unset',
  '$create_alias',
  '$groupidentify',
  '$merge_dangerously',
])
/** What posthog-js calls everybody whom it may not tell apart. */
const cookieless = '$posthog_cookieless'
const madeUpMsMax = 1000

/** What the events of one request have in common. */
export interface PosthogContext {
  /** The sender's clock when it sent the request; ms since the Unix epoch, NaN when it does not say. */
  readonly sentAt: number
  readonly sender: Sender
  readonly declared: Catalogue['fields']
}

export function posthogEvent(item: unknown, { sentAt, sender, declared }: PosthogContext): ForeignEvent | RejectReason {
  if (!isMembers(item)) return 'not-an-object'
  const properties = membersOf(item, 'properties')
  const happened = happenedAt(item, sentAt, sender)
  const userAgent = passedOnUserAgent(member(properties, '$raw_user_agent') ?? member(properties, '$user_agent'))
  const inBrowser = userAgent !== undefined || member(properties, '$lib') === 'web'
  return {
    id: stableId(member(item, 'uuid'), () => JSON.stringify(item)),
    time: correctedTime(happened, isCorrected(item, properties) ? sentAt : Number.NaN, sender.receivedAt),
    about: aboutOf(member(item, 'event'), properties),
    identifiers: {
      device: identifierOf(properties, '$device_id'),
      otherDevice: distinctId(item, properties, happened),
      cluster: identifierOf(properties, 'clusterId') ?? identifierOf(properties, 'cluster'),
    },
    mark: posthogMark(item, properties, declared),
    route: inBrowser ? 'browser' : sender.route,
    userAgent: userAgent ?? sender.userAgent,
    policy: member(properties, 'policy'),
    field: (name) =>
      member(properties, name) ?? (name === 'version' ? member(properties, 'environmentVersion') : undefined),
  }
}

function aboutOf(name: unknown, properties: Members): ForeignEvent['about'] {
  if (aboutPerson.has(name)) return 'person'
  switch (name) {
    case '$pageview':
      return { path: pathOfPage(member(properties, '$pathname'), member(properties, '$current_url')) }
    case '$screen':
      return { name: member(properties, '$screen_name') }
    default:
      return { name }
  }
}

/** posthog-js may say how long ago it was instead of when. */
function happenedAt(item: Members, sentAt: number, { receivedAt }: Sender): number {
  const time = timeOf(member(item, 'timestamp'))
  const offset = member(item, 'offset')
  if (!Number.isNaN(time) || typeof offset !== 'number') return time
  return (Number.isNaN(sentAt) ? receivedAt : sentAt) - offset
}

function isCorrected(item: Members, properties: Members): boolean {
  return (
    member(properties, '$ignore_sent_at') !== true &&
    member(membersOf(item, 'options'), 'disable_skew_correction') !== true
  )
}

/** Undefined for an identifier that does not tell anybody from anybody else, or one event from the next. */
function distinctId(item: Members, properties: Members, happened: number): unknown {
  const id = identifierOf(item, 'distinct_id') ?? identifierOf(properties, 'distinct_id')
  if (id === cookieless) return undefined
  return hasNoProfile(item, properties) && isMadeUp(id, happened) ? undefined : id
}

function hasNoProfile(item: Members, properties: Members): boolean {
  if (member(properties, '$lib') === 'web') return false
  const option = member(membersOf(item, 'options'), 'process_person_profile')
  return (option ?? member(properties, '$process_person_profile')) === false
}

/**
 * posthog-node gives an event without an identifier a UUIDv7 of its own: counted by it, each event would be a new head.
 * Such a UUID begins with the millisecond in which it was made, which is the event's.
 */
function isMadeUp(id: unknown, happened: number): boolean {
  if (typeof id !== 'string' || !/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-/i.test(id)) return false
  const madeAt = Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)
  return Math.abs(madeAt - happened) <= madeUpMsMax
}

function posthogMark(item: Members, properties: Members, declared: Catalogue['fields']): Mark | undefined {
  const places = [item, ...[item, properties].flatMap((of) => [membersOf(of, '$set'), membersOf(of, '$set_once')])]
  const marks = [markIn(properties, declared), ...places.map((place) => markIn(place))]
  return marks.find((mark) => mark === 'child') ?? marks.find((mark) => mark !== undefined)
}

export function timeOf(value: unknown): number {
  return typeof value === 'string' ? parseSegmentTime(value) : Number.NaN
}
