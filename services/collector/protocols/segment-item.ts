/**
 * One item of Segment's API: what it says that the catalogue declares, put with its unit. Of traits nothing is read but
 * whether they are a child's, and whether telemetry is off.
 */
import { hash } from 'node:crypto'
import { type Catalogue, type Feature, findFeature, findFeatureOfPath } from '../../../shared/catalogue.ts'
import type { RejectReason } from '../../../shared/drop-reason.ts'
import { otherValue, type RecordText, type SentEvent } from '../../../shared/event.ts'
import { parseSegmentTime } from '../../../shared/rfc3339.ts'
import { isIdentifier, numberValue, textValue } from '../event-values.ts'
import type { AgreementCheck } from '../policy.ts'
import { type Mark, markIn } from '../privacy/event-marks.ts'
import type { EventWishes, Identifiers } from '../privacy/event-wishes.ts'
import type { UnitGroups } from '../unit-groups.ts'
import type { SenderGroups } from './sender-groups.ts'

export type Members = Record<string, unknown>

const userAgentLengthMax = 1024
const nameLengthMax = 256
const pathLengthMax = 2048
const timeMax = Date.UTC(10_000, 0, 1)
/** Calls that are about a person, not about a use of anything: taken, and nothing of them is kept. */
const withoutFeature: ReadonlySet<unknown> = new Set(['identify', 'group', 'alias'])

export class SegmentItems {
  readonly #catalogue: Catalogue
  readonly #hasAgreed: AgreementCheck | undefined
  readonly #byNormalised = new Map<string, Feature>()

  constructor(catalogue: Catalogue, hasAgreed?: AgreementCheck) {
    this.#catalogue = catalogue
    this.#hasAgreed = hasAgreed
    for (const feature of catalogue.features)
      for (const name of [...feature.events, feature.id]) this.#byNormalised.set(normalised(name), feature)
  }

  /**
   * Adds the item's event to its unit's record, or says why it is not counted.
   * @param type of the path it came by; undefined in a batch, where each item has its own
   * @param batchSentAt the sender's clock when it sent the batch, for items without a `sentAt` of their own
   */
  admit(
    item: unknown,
    type: string | undefined,
    batchSentAt: unknown,
    senders: SenderGroups,
    wishes: EventWishes,
  ): RejectReason | 'declined' | undefined {
    if (!isMembers(item)) return 'not-an-object'
    const verdict = wishes.verdict(markOfItem(item, this.#catalogue.fields), identifiersOf(item))
    if (verdict !== undefined) return verdict
    const call = type ?? member(item, 'type')
    if (withoutFeature.has(call)) return undefined
    const properties = membersOf(item, 'properties')
    const feature = this.#feature(call, item, properties)
    if (feature === 'feature-missing') return feature
    if (this.#hasAgreed && !this.#hasAgreed(member(properties, 'policy'))) return 'policy-too-old'
    const record = recordOf(item, properties, feature, groupsOf(item, senders))
    if (typeof record === 'string') return record
    record.add(
      JSON.stringify(eventId(item)),
      eventTime(item, member(item, 'sentAt') ?? batchSentAt, senders.sender.receivedAt),
      JSON.stringify(feature?.id ?? otherValue),
      JSON.stringify(keepFields(properties, this.#catalogue.fields)),
    )
    return undefined
  }

  #feature(call: unknown, item: Members, properties: Members): Feature | undefined | 'feature-missing' {
    switch (call) {
      case 'track':
        return this.#named(member(item, 'event'))
      case 'screen':
        return this.#named(member(item, 'name'))
      case 'page': {
        const path = pathOf(properties)
        return path === undefined ? undefined : findFeatureOfPath(this.#catalogue, path)
      }
      default:
        return 'feature-missing'
    }
  }

  #named(name: unknown): Feature | undefined | 'feature-missing' {
    if (typeof name !== 'string' || name === '') return 'feature-missing'
    if (name.length > nameLengthMax) return undefined
    return findFeature(this.#catalogue, name) ?? this.#byNormalised.get(normalised(name))
  }
}

/** What an item, or a whole batch, says of whoever it is about, wherever Segment's libraries let one put it. */
export function markOfItem(item: Members, declared?: Catalogue['fields']): Mark | undefined {
  const context = membersOf(item, 'context')
  const places = [item, membersOf(item, 'traits'), context, membersOf(context, 'traits')]
  const marks = [markIn(membersOf(item, 'properties'), declared), ...places.map((place) => markIn(place))]
  return marks.find((mark) => mark === 'child') ?? marks.find((mark) => mark !== undefined)
}

/** An own member, so that nothing is ever found on a prototype. */
export function member(of: Members, name: string): unknown {
  return Object.hasOwn(of, name) ? of[name] : undefined
}

function membersOf(of: Members, name: string): Members {
  const value = member(of, name)
  return isMembers(value) ? value : {}
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** `Package List` and `package-list` are `package_list`. */
function normalised(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replace(/[\s-]+/g, '_')
}

function pathOf(properties: Members): string | undefined {
  const path = member(properties, 'path')
  if (typeof path === 'string' && path !== '') return path.slice(0, pathLengthMax)
  const url = member(properties, 'url')
  if (typeof url !== 'string' || url.length > pathLengthMax || !URL.canParse(url)) return undefined
  return new URL(url).pathname
}

/** Without a usable `messageId` a hash of the item stands in, so that a retry of the same body still counts once. */
function eventId(item: Members): string {
  const id = member(item, 'messageId')
  return isIdentifier(id) ? id : hash('sha256', JSON.stringify(item), 'hex')
}

/**
 * By our clock: the sender's two times tell how long before sending it happened, however wrong its clock is.
 * @returns ms since the Unix epoch
 */
function eventTime(item: Members, sentAt: unknown, receivedAt: number): number {
  const happened = timeOf(member(item, 'timestamp'))
  if (Number.isNaN(happened)) return receivedAt
  const sent = timeOf(sentAt)
  const time = Number.isNaN(sent) ? happened : receivedAt + happened - sent
  return time >= 0 && time < timeMax ? time : receivedAt
}

function timeOf(value: unknown): number {
  return typeof value === 'string' ? parseSegmentTime(value) : Number.NaN
}

/**
 * A library on a server sends for browsers when it passes their user agent on; analytics.js runs in one. The address
 * in `context` is the sender's word and is not read.
 */
function groupsOf(item: Members, senders: SenderGroups): UnitGroups {
  const context = membersOf(item, 'context')
  const given = member(context, 'userAgent')
  const passedOn = typeof given === 'string' && given !== '' && given.length <= userAgentLengthMax ? given : undefined
  const inBrowser = passedOn !== undefined || member(membersOf(context, 'library'), 'name') === 'analytics.js'
  const { route, userAgent } = senders.sender
  return senders.groupsOf(inBrowser ? 'browser' : route, passedOn ?? userAgent)
}

function recordOf(
  item: Members,
  properties: Members,
  feature: Feature | undefined,
  groups: UnitGroups,
): RecordText | RejectReason {
  if (feature?.unit === 'cluster') {
    const cluster = identifierOf(properties, 'clusterId') ?? identifierOf(properties, 'cluster')
    if (cluster === undefined) return 'cluster-missing'
    return isIdentifier(cluster) ? groups.recordOf('cluster', cluster) : 'identifier-invalid'
  }
  const device = identifierOf(item, 'anonymousId') ?? identifierOf(item, 'userId')
  if (device === undefined) return groups.recordOfSender()
  return isIdentifier(device) ? groups.recordOf('device', device) : 'identifier-invalid'
}

/** All that an item has, whichever of them it is counted by. */
function identifiersOf(item: Members): Identifiers {
  const properties = membersOf(item, 'properties')
  return {
    device: identifierOf(item, 'anonymousId'),
    otherDevice: identifierOf(item, 'userId'),
    cluster: identifierOf(properties, 'clusterId') ?? identifierOf(properties, 'cluster'),
  }
}

/** Undefined when absent or empty; some libraries send numbers. */
function identifierOf(of: Members, name: string): unknown {
  const value = member(of, name)
  if (value === undefined || value === null || value === '') return undefined
  return typeof value === 'number' ? String(value) : value
}

/** Declared fields only. A value that is none of the declared kind is left out: the sender would never hear of it. */
function keepFields(properties: Members, declared: Catalogue['fields']): SentEvent['fields'] {
  const kept: SentEvent['fields'] = {}
  for (const [name, kind] of declared) {
    const value =
      member(properties, name) ?? (name === 'version' ? member(properties, 'environmentVersion') : undefined)
    if (value === undefined || value === null) continue
    const valid = kind === 'text' ? textValue(value) : numberValue(value)
    if (valid !== undefined) kept[name] = valid
  }
  return kept
}
