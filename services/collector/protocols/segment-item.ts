/**
 * One item of Segment's API as an event: what it says of a use, and by whom it is counted. Of traits nothing is read but
 * whether they are a child's, and whether telemetry is off.
 */
import type { Catalogue } from '../../../shared/catalogue.ts'
import type { RejectReason } from '../../../shared/drop-reason.ts'
import { parseSegmentTime } from '../../../shared/rfc3339.ts'
import { type Mark, markIn } from '../privacy/event-marks.ts'
import type { Identifiers } from '../privacy/event-wishes.ts'
import type { Sender } from '../unit-groups.ts'
import { correctedTime } from './event-time.ts'
import type { ForeignEvent } from './foreign-event.ts'
import { stableId } from './foreign-events.ts'
import { identifierOf, isMembers, type Members, member, membersOf } from './members.ts'

const userAgentLengthMax = 1024
const urlLengthMax = 2048
/** Calls that are about a person, not about a use of anything: taken, and nothing of them is kept. */
const aboutPerson: ReadonlySet<unknown> = new Set(['identify', 'group', 'alias'])

/** What items of one request have in common. */
export interface ItemContext {
  /** Of the path it came by; undefined in a batch, where each item has its own. */
  readonly type: string | undefined
  /** The sender's clock when it sent the batch, for items without a `sentAt` of their own. */
  readonly sentAt: unknown
  readonly sender: Sender
  readonly declared: Catalogue['fields']
}

export function segmentEvent(item: unknown, context: ItemContext): ForeignEvent | RejectReason {
  if (!isMembers(item)) return 'not-an-object'
  const { type, sentAt, sender, declared } = context
  const properties = membersOf(item, 'properties')
  // RudderStack's libraries say when it happened as `originalTimestamp`.
  const happened = timeOf(member(item, 'timestamp') ?? member(item, 'originalTimestamp'))
  return {
    id: stableId(member(item, 'messageId'), () => JSON.stringify(item)),
    time: correctedTime(happened, timeOf(member(item, 'sentAt') ?? sentAt), sender.receivedAt),
    about: aboutOf(type ?? member(item, 'type'), item, properties),
    identifiers: identifiersOf(item, properties),
    mark: markOfItem(item, declared),
    ...clientOf(item, sender),
    policy: member(properties, 'policy'),
    field: (name) =>
      member(properties, name) ?? (name === 'version' ? member(properties, 'environmentVersion') : undefined),
  }
}

/** What an item, or a whole batch, says of whoever it is about, wherever Segment's libraries let one put it. */
export function markOfItem(item: Members, declared?: Catalogue['fields']): Mark | undefined {
  const context = membersOf(item, 'context')
  const places = [item, membersOf(item, 'traits'), context, membersOf(context, 'traits')]
  const marks = [markIn(membersOf(item, 'properties'), declared), ...places.map((place) => markIn(place))]
  return marks.find((mark) => mark === 'child') ?? marks.find((mark) => mark !== undefined)
}

function aboutOf(call: unknown, item: Members, properties: Members): ForeignEvent['about'] {
  if (aboutPerson.has(call)) return 'person'
  switch (call) {
    case 'track':
      return { name: member(item, 'event') }
    case 'screen':
      return { name: member(item, 'name') }
    case 'page':
      return { path: pathOf(properties) }
    default:
      return { name: undefined }
  }
}

function pathOf(properties: Members): string | undefined {
  const path = member(properties, 'path')
  if (typeof path === 'string' && path !== '') return path
  const url = member(properties, 'url')
  if (typeof url !== 'string' || url.length > urlLengthMax || !URL.canParse(url)) return undefined
  return new URL(url).pathname
}

function timeOf(value: unknown): number {
  return typeof value === 'string' ? parseSegmentTime(value) : Number.NaN
}

/**
 * A library on a server sends for browsers when it passes their user agent on; analytics.js runs in one. The address
 * in `context` is the sender's word and is not read.
 */
function clientOf(item: Members, { route, userAgent }: Sender): Pick<ForeignEvent, 'route' | 'userAgent'> {
  const context = membersOf(item, 'context')
  const given = member(context, 'userAgent')
  const passedOn = typeof given === 'string' && given !== '' && given.length <= userAgentLengthMax ? given : undefined
  const inBrowser = passedOn !== undefined || member(membersOf(context, 'library'), 'name') === 'analytics.js'
  return { route: inBrowser ? 'browser' : route, userAgent: passedOn ?? userAgent }
}

function identifiersOf(item: Members, properties: Members): Identifiers {
  return {
    device: identifierOf(item, 'anonymousId'),
    otherDevice: identifierOf(item, 'userId'),
    cluster: identifierOf(properties, 'clusterId') ?? identifierOf(properties, 'cluster'),
  }
}
