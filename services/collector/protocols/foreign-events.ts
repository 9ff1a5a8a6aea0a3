/**
 * Where events of every foreign dialect are counted or refused: wishes of their senders, the catalogue's features and
 * fields, their unit. Their senders hear nothing of single events, so a field that is no valid value is left out and an
 * unknown name or path becomes `(other)`.
 */
import { hash } from 'node:crypto'
import { type Catalogue, type Feature, findFeature, findFeatureOfPath } from '../../../shared/catalogue.ts'
import type { RejectReason } from '../../../shared/drop-reason.ts'
import { otherValue, type RecordText, type SentEvent } from '../../../shared/event.ts'
import { isIdentifier, numberValue, textValue } from '../event-values.ts'
import type { AgreementCheck } from '../policy.ts'
import { EventWishes } from '../privacy/event-wishes.ts'
import type { UndeclaredUse } from '../undeclared.ts'
import type { UnitGroups } from '../unit-groups.ts'
import type { Answer, Reading, SentRequest } from './dialect.ts'
import type { DialectOptions } from './dialect-options.ts'
import type { ForeignEvent } from './foreign-event.ts'
import { SenderGroups } from './sender-groups.ts'

const nameLengthMax = 256
const pathLengthMax = 2048

type Use = Exclude<ForeignEvent['about'], 'person'>

/** What the catalogue declares, as events name it. Made once for a dialect. */
export class ForeignEvents {
  readonly fields: Catalogue['fields']
  readonly #catalogue: Catalogue
  readonly #hasAgreed: AgreementCheck | undefined
  readonly #byNormalised = new Map<string, Feature>()

  constructor({ catalogue, hasAgreed }: Pick<DialectOptions, 'catalogue' | 'hasAgreed'>) {
    this.fields = catalogue.fields
    this.#catalogue = catalogue
    this.#hasAgreed = hasAgreed
    for (const feature of catalogue.features)
      for (const name of [...feature.events, feature.id]) this.#byNormalised.set(normalised(name), feature)
  }

  /**
   * Adds the event to its unit's record, or says why it is not counted.
   * @param undeclared gets what the catalogue does not know of it
   */
  admit(
    event: ForeignEvent,
    senders: SenderGroups,
    wishes: EventWishes,
    undeclared: UndeclaredUse[],
  ): RejectReason | 'declined' | undefined {
    const verdict = wishes.verdict(event.mark, event.identifiers)
    if (verdict !== undefined) return verdict
    if (event.about === 'person') return undefined
    const feature = this.#feature(event.about)
    if (feature === 'feature-missing') return feature
    if (this.#hasAgreed && !this.#hasAgreed(event.policy)) return 'policy-too-old'
    const record = recordOf(event, feature, senders.groupsOf(event.route, event.userAgent))
    if (typeof record === 'string') return record
    const fields = this.#keepFields(event)
    if (!feature) undeclared.push(undeclaredUse(event.about, Object.keys(fields)))
    record.add(JSON.stringify(event.id), event.time, JSON.stringify(feature?.id ?? otherValue), JSON.stringify(fields))
    return undefined
  }

  #feature(about: Use): Feature | undefined | 'feature-missing' {
    if ('path' in about)
      return about.path === undefined
        ? undefined
        : findFeatureOfPath(this.#catalogue, about.path.slice(0, pathLengthMax))
    const { name } = about
    if (typeof name !== 'string' || name === '') return 'feature-missing'
    if (name.length > nameLengthMax) return undefined
    return findFeature(this.#catalogue, name) ?? this.#byNormalised.get(normalised(name))
  }

  /** Declared fields only. A value that is none of the declared kind is left out: the sender would never hear of it. */
  #keepFields(event: ForeignEvent): SentEvent['fields'] {
    const kept: SentEvent['fields'] = {}
    for (const [name, kind] of this.fields) {
      const value = event.field(name)
      if (value === undefined || value === null) continue
      const valid = kind === 'text' ? textValue(value) : numberValue(value)
      if (valid !== undefined) kept[name] = valid
    }
    return kept
  }
}

/** The reading of one request, an event after the other. */
export class ForeignReading {
  readonly senders: SenderGroups
  readonly wishes: EventWishes
  readonly #events: ForeignEvents
  readonly #rejected: RejectReason[] = []
  readonly #undeclared: UndeclaredUse[] = []
  #accepted = 0

  constructor(events: ForeignEvents, { sender, isOptedOut }: SentRequest) {
    this.#events = events
    this.senders = new SenderGroups(sender)
    this.wishes = new EventWishes(isOptedOut)
  }

  /** @param event or why the sent one cannot be read as one */
  take(event: ForeignEvent | RejectReason): RejectReason | 'declined' | undefined {
    const verdict =
      typeof event === 'string' ? event : this.#events.admit(event, this.senders, this.wishes, this.#undeclared)
    if (verdict === undefined) this.#accepted++
    else if (verdict !== 'declined') this.#rejected.push(verdict)
    return verdict
  }

  done(answer: Reading['answer'] | Answer): Reading {
    return {
      records: this.senders.records(),
      accepted: this.#accepted,
      rejected: this.#rejected,
      wishes: this.wishes,
      undeclared: this.#undeclared,
      answer: typeof answer === 'function' ? answer : () => answer,
    }
  }
}

/** What a sender gave if it will do as an id; else a hash, so that a retry of the same bytes still counts once. */
export function stableId(given: unknown, sent: () => string): string {
  return isIdentifier(given) ? given : hash('sha256', sent(), 'hex')
}

function undeclaredUse(about: Use, fields: readonly string[]): UndeclaredUse {
  if ('path' in about) return { kind: 'path', text: about.path ?? '', fields }
  return { kind: 'name', text: String(about.name), fields }
}

/** `Package List` and `package-list` are `package_list`. */
function normalised(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replace(/[\s-]+/g, '_')
}

function recordOf(
  { identifiers: { device, otherDevice, cookie, cluster } }: ForeignEvent,
  feature: Feature | undefined,
  groups: UnitGroups,
): RecordText | RejectReason {
  if (feature?.unit === 'cluster') {
    if (cluster === undefined) return 'cluster-missing'
    return isIdentifier(cluster) ? groups.recordOf('cluster', cluster) : 'identifier-invalid'
  }
  const id = device ?? otherDevice
  if (id !== undefined) return isIdentifier(id) ? groups.recordOf('device', id) : 'identifier-invalid'
  if (cookie !== undefined) return isIdentifier(cookie) ? groups.recordOf('cookie', cookie) : 'identifier-invalid'
  return groups.recordOfSender()
}
