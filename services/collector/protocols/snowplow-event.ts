/**
 * One event of Snowplow's tracker protocol as Headcount's: flat pairs of short names and texts, two of which
 * (`ue_px`, `cx`) hold JSON in base64. Of the event's own data and of the entities that a tracker adds to it, declared
 * fields are read; user, session, screen, address and the rest are not.
 */
import type { Catalogue } from '../../../shared/catalogue.ts'
import type { RejectReason } from '../../../shared/drop-reason.ts'
import { type Mark, markIn } from '../privacy/event-marks.ts'
import type { Sender } from '../unit-groups.ts'
import { correctedTime } from './event-time.ts'
import { parseBody } from './foreign-body.ts'
import type { ForeignEvent } from './foreign-event.ts'
import { stableId } from './foreign-events.ts'
import { identifierOf, isMembers, type Members, member, membersOf } from './members.ts'
import { pathOfPage } from './page-path.ts'
import { passedOnUserAgent } from './passed-on.ts'

const entitiesMax = 50
/** What a reader has looked at since its page view, which has been counted. */
const pagePing = 'pp'

export function snowplowEvent(
  item: unknown,
  sender: Sender,
  declared: Catalogue['fields'],
): ForeignEvent | RejectReason {
  if (!isMembers(item)) return 'not-an-object'
  const described = selfDescribed(item)
  const places = [described?.data ?? {}, ...entitiesOf(item)]
  const look = (name: string): unknown => places.find((place) => Object.hasOwn(place, name))?.[name]
  const userAgent = passedOnUserAgent(member(item, 'ua'))
  return {
    id: stableId(member(item, 'eid'), () => JSON.stringify({ ...item, stm: undefined })),
    time: timeOf(item, sender),
    about: aboutOf(item, described),
    identifiers: {
      device: identifierOf(item, 'duid') ?? identifierOf(item, 'nuid') ?? identifierOf(item, 'tnuid'),
      otherDevice: identifierOf(item, 'uid'),
      cluster: look('clusterId') ?? look('cluster'),
    },
    mark: markOf(item, places, declared),
    route: userAgent !== undefined || member(item, 'p') === 'web' ? 'browser' : sender.route,
    userAgent: userAgent ?? sender.userAgent,
    policy: look('policy'),
    field: (name) => look(name) ?? (name === 'version' ? look('environmentVersion') : undefined),
  }
}

/** A self-describing event: its schema's name, `screen_view` of `iglu:com.acme/screen_view/jsonschema/1-0-0`, and data. */
interface Described {
  readonly name: string | undefined
  readonly data: Members
}

function aboutOf(item: Members, described: Described | undefined): ForeignEvent['about'] {
  switch (member(item, 'e')) {
    case 'pv':
      return { path: pathOfPage(undefined, member(item, 'url')) }
    case pagePing:
      return 'person'
    case 'se':
      return { name: member(item, 'se_ac') }
    case 'ue':
      return { name: described?.name === 'screen_view' ? member(described.data, 'name') : described?.name }
    default:
      return { name: member(item, 'e') }
  }
}

/** `ttm` is right by itself; `dtm` is the sender's clock, which said `stm` when it sent. All ms since the Unix epoch. */
function timeOf(item: Members, { receivedAt }: Sender): number {
  const exact = milliseconds(member(item, 'ttm'))
  if (!Number.isNaN(exact)) return correctedTime(exact, Number.NaN, receivedAt)
  return correctedTime(milliseconds(member(item, 'dtm')), milliseconds(member(item, 'stm')), receivedAt)
}

function milliseconds(value: unknown): number {
  return typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN
}

function selfDescribed(item: Members): Described | undefined {
  const outer = jsonIn(item, 'ue_px', 'ue_pr')
  const inner = isMembers(outer) ? membersOf(outer, 'data') : {}
  const schema = member(inner, 'schema')
  if (typeof schema !== 'string') return undefined
  return { name: /^iglu:[^/]+\/([^/]+)\//.exec(schema.slice(0, 1000))?.[1], data: membersOf(inner, 'data') }
}

function entitiesOf(item: Members): Members[] {
  const outer = jsonIn(item, 'cx', 'co')
  const list = isMembers(outer) ? member(outer, 'data') : undefined
  if (!Array.isArray(list)) return []
  return list.slice(0, entitiesMax).map((entity) => (isMembers(entity) ? membersOf(entity, 'data') : {}))
}

/** Undefined when it is none, or is absent. */
function jsonIn(item: Members, encoded: string, plain: string): unknown {
  const base64 = member(item, encoded)
  const text = member(item, plain)
  if (typeof base64 !== 'string' && typeof text !== 'string') return undefined
  try {
    return parseBody(typeof base64 === 'string' ? Buffer.from(base64, 'base64url') : Buffer.from(String(text)))
  } catch {
    return undefined
  }
}

function markOf(item: Members, places: readonly Members[], declared: Catalogue['fields']): Mark | undefined {
  const marks = [markIn(item), ...places.map((place) => markIn(place, declared))]
  return marks.find((mark) => mark === 'child') ?? marks.find((mark) => mark !== undefined)
}
