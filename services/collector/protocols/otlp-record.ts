/**
 * A log record of OTLP as an event: its event name says what was used, its attributes and its resource's have the
 * declared fields and who it is counted by. Severity, body, trace context, scope and every other attribute are not read.
 */
import type { Catalogue } from '../../../shared/catalogue.ts'
import { isIdentifier } from '../event-values.ts'
import { type Mark, markIn, markNames } from '../privacy/event-marks.ts'
import type { Sender } from '../unit-groups.ts'
import { correctedTime } from './event-time.ts'
import type { ForeignEvent } from './foreign-event.ts'
import { identifierOf, type Members, member } from './members.ts'
import { passedOnUserAgent } from './passed-on.ts'

/** As either encoding has it; of attributes only those of `readNames` that are text, a number or a boolean. */
export interface SentLogRecord {
  /** When it happened, else when it was seen; ms since the Unix epoch; NaN: not said. */
  readonly time: number
  /** Undefined: a log line that is no event. */
  readonly eventName: unknown
  readonly attributes: Members
  /** Attributes of the resource that it came from. */
  readonly resource: Members
}

/** Of what has none; without a prototype, as all attributes. */
export const noAttributes: Members = Object.freeze(Object.create(null))

/** Names of OpenTelemetry's semantic conventions, and ours. */
const deviceNames = ['device', 'device.id', 'app.installation.id']
const hostName = 'host.id'
/** Often made anew at every start, so it stands for a device only where nothing else does. */
const instanceName = 'service.instance.id'
const clusterNames = ['cluster', 'cluster.id', 'k8s.cluster.uid']
const userAgentName = 'user_agent.original'
/** Two records with the same are one, says the convention. */
const recordIdName = 'log.record.uid'
/** Where senders put the name before records had a field for it. */
const eventNameAttribute = 'event.name'

/** What is looked at of a request. */
export interface ReadLimits {
  /** Of attributes. */
  readonly names: ReadonlySet<string>
  readonly recordsMax: number
}

/** Every attribute that is looked at. */
export function readNames(declared: Catalogue['fields']): ReadonlySet<string> {
  const ours = [...deviceNames, hostName, instanceName, ...clusterNames]
  return new Set([...declared.keys(), ...ours, ...markNames, eventNameAttribute, userAgentName, recordIdName, 'policy'])
}

export interface RecordContext {
  readonly declared: Catalogue['fields']
  readonly sender: Sender
  /** The same when the request is sent again, and of this record only. */
  readonly id: string
}

export function logEvent(record: SentLogRecord, { declared, sender, id }: RecordContext): ForeignEvent {
  const { attributes, resource, eventName } = record
  const given = member(attributes, recordIdName)
  const passedOn = passedOnUserAgent(member(attributes, userAgentName))
  const read = (name: string) => member(attributes, name) ?? member(resource, name)
  return {
    id: isIdentifier(given) ? given : id,
    time: correctedTime(record.time, Number.NaN, sender.receivedAt),
    about: { name: eventName ?? member(attributes, eventNameAttribute) },
    identifiers: identifiersOf(attributes, resource),
    mark: markOf(record, declared),
    route: passedOn === undefined ? sender.route : 'browser',
    userAgent: passedOn ?? sender.userAgent,
    policy: read('policy'),
    field: read,
  }
}

/**
 * Where a record names a device, the machine that sent it is not whom it is about: its opt-out, or a child's record that
 * it passes on, is about one of them only.
 */
function identifiersOf(attributes: Members, resource: Members): ForeignEvent['identifiers'] {
  const found = (...names: readonly string[]): unknown[] =>
    [attributes, resource].flatMap((place) => names.map((name) => identifierOf(place, name)).filter(isThere))
  const [device = found(hostName)[0] ?? found(instanceName)[0], otherDevice] = new Set(found(...deviceNames))
  return { device, otherDevice, cluster: found(...clusterNames)[0] }
}

function isThere(value: unknown): boolean {
  return value !== undefined
}

function markOf({ attributes, resource }: SentLogRecord, declared: Catalogue['fields']): Mark | undefined {
  const marks = [markIn(attributes, declared), markIn(resource, declared)]
  return marks.find((mark) => mark === 'child') ?? marks.find((mark) => mark !== undefined)
}
