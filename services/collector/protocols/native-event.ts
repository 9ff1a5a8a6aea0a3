/** One event of Headcount's own dialect: checked, reduced to what the catalogue declares, put with its unit. */
import { type Catalogue, type Feature, findFeature } from '../../../shared/catalogue.ts'
import type { RejectReason } from '../../../shared/drop-reason.ts'
import { otherValue, probeFeature, type RecordText } from '../../../shared/event.ts'
import { parseTime } from '../../../shared/rfc3339.ts'
import { isIdentifier } from '../event-values.ts'
import { depthMax, isDeep } from '../json-body.ts'
import type { AgreementCheck } from '../policy.ts'
import type { EventWishes } from '../privacy/event-wishes.ts'
import type { UndeclaredUse } from '../undeclared.ts'
import type { UnitGroups } from '../unit-groups.ts'
import type { AlikeKind } from './native-alike.ts'
import { type Given, NativeFields } from './native-fields.ts'

const featureLengthMax = 256
const identifierLengthMax = 256
/** An event is inside the body's object and its list. */
const eventDepthMax = depthMax - 2

/** Feature names as JSON, made once. */
interface KnownFeature {
  readonly declared: Feature | undefined
  readonly json: string
}
const other: KnownFeature = { declared: undefined, json: JSON.stringify(otherValue) }

/** The features of a catalogue by every name a sender may use. */
export function knownFeatures(catalogue: Catalogue): ReadonlyMap<string, KnownFeature> {
  const known = new Map<string, KnownFeature>([
    [probeFeature, { declared: undefined, json: JSON.stringify(probeFeature) }],
  ])
  for (const name of catalogue.features.flatMap(({ id, events }) => [...events, id])) {
    const declared = findFeature(catalogue, name)
    if (declared) known.set(name, { declared, json: JSON.stringify(declared.id) })
  }
  return known
}

/** What the next event may have in common with the last one. */
interface Admitted {
  readonly given: Given
  readonly unit: Feature['unit'] | undefined
  readonly record: RecordText
  /** Characters of its id, time and feature. */
  readonly size: number
}

/** Reads the events of one request, of which most are alike. */
export class NativeEvents {
  readonly #features: ReadonlyMap<string, KnownFeature>
  readonly #fields: NativeFields
  readonly #groups: UnitGroups
  readonly #wishes: EventWishes
  readonly #plain: boolean
  readonly #hasAgreed: AgreementCheck | undefined
  /** Of the admitted ones, what the catalogue does not know. */
  readonly undeclared: UndeclaredUse[] = []
  #last: Admitted | undefined

  /** @param plain whether no text of the body can have an escape or a control character (`isPlain`) */
  constructor(
    catalogue: Catalogue,
    features: ReadonlyMap<string, KnownFeature>,
    groups: UnitGroups,
    wishes: EventWishes,
    plain: boolean,
    hasAgreed?: AgreementCheck,
  ) {
    this.#features = features
    this.#fields = new NativeFields(catalogue.fields, plain)
    this.#groups = groups
    this.#wishes = wishes
    this.#plain = plain
    this.#hasAgreed = hasAgreed
  }

  /**
   * Adds the event to its unit's record, or says why it is not taken: what is wrong with it, or that it is not to be
   * counted. `null` counts as absent everywhere.
   */
  admit(event: unknown): RejectReason | 'declined' | undefined {
    if (typeof event !== 'object' || event === null || Array.isArray(event))
      return isDeep(event, eventDepthMax) ? 'too-deep' : 'not-an-object'
    const given = event as Given
    // Fields first: the one pass over the members is also what finds nesting and size.
    const wrong = this.#fields.read(given)
    if (wrong === 'too-deep') return wrong
    const verdict = this.#wishes.verdict(this.#fields.mark, given)
    if (verdict !== undefined) return verdict
    if (wrong === 'event-too-large') return wrong
    const { id, time, feature } = given
    if (id === undefined || id === null) return 'id-missing'
    if (!this.#isIdentifier(id)) return 'id-invalid'
    if (time === undefined || time === null) return 'time-missing'
    const eventTime = typeof time === 'string' ? parseTime(time) : Number.NaN
    if (Number.isNaN(eventTime)) return 'time-invalid'
    if (feature === undefined || feature === null) return 'feature-missing'
    if (typeof feature !== 'string' || feature === '' || feature.length > featureLengthMax) return 'feature-invalid'
    if (wrong !== undefined) return wrong
    if (this.#hasAgreed && !this.#hasAgreed(given.policy)) return 'policy-too-old'
    const known = this.#features.get(feature) ?? other
    const record = this.#recordOf(given, known)
    if (typeof record === 'string') return record
    if (known === other) this.noteUndeclared(feature)
    record.add(this.#plain ? `"${id}"` : JSON.stringify(id), eventTime, known.json, this.#fields.json)
    this.#last = {
      given,
      unit: known.declared?.unit,
      record,
      size: id.length + (time as string).length + feature.length,
    }
    return undefined
  }

  /** Where the event admitted last would go with another feature, for a plain body; undefined: it would not be taken. */
  alikeKind(feature: string): AlikeKind | undefined {
    const { given, unit, record } = this.#last as Admitted
    const known = this.#features.get(feature)
    if (known === undefined && (feature === '' || feature.length > featureLengthMax)) return undefined
    const { declared, json } = known ?? other
    const its = declared?.unit === unit ? record : this.#recordOf(given, known ?? other)
    if (typeof its === 'string') return undefined
    const kind = its.kindOf(json, this.#fields.json)
    return { record: its, kind, isUndeclared: known === undefined }
  }

  /** How many characters the event admitted last may have at most in its id, time and feature together. */
  alikeSizeMax(): number {
    return this.#fields.spare() + (this.#last as Admitted).size
  }

  noteUndeclared(feature: string): void {
    this.undeclared.push({ kind: 'name', text: feature, fields: Object.keys(JSON.parse(this.#fields.json)) })
  }

  #recordOf({ device, cookie, cluster }: Given, { declared }: KnownFeature): RecordText | RejectReason {
    if (declared?.unit === 'cluster') {
      if (cluster === undefined || cluster === null) return 'cluster-missing'
      return this.#isIdentifier(cluster) ? this.#groups.recordOf('cluster', cluster) : 'identifier-invalid'
    }
    if (device !== undefined && device !== null)
      return this.#isIdentifier(device) ? this.#groups.recordOf('device', device) : 'identifier-invalid'
    if (cookie !== undefined && cookie !== null)
      return this.#isIdentifier(cookie) ? this.#groups.recordOf('cookie', cookie) : 'identifier-invalid'
    return this.#groups.recordOfSender()
  }

  /** In a plain body every string has only characters that an identifier may have. */
  #isIdentifier(value: unknown): value is string {
    if (!this.#plain) return isIdentifier(value)
    return typeof value === 'string' && value !== '' && value.length <= identifierLengthMax
  }
}
