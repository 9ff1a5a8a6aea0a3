/** Which holds and policy versions may follow on which. */
import { comparePolicyVersions, isPolicyVersion } from '../policy/policy-version.ts'
import type { Hold, LedgerEvent, PolicyVersion } from './port.ts'
import { isSha256, isText, isTime, requireForm } from './transitions.ts'

type OfKind<Kind extends LedgerEvent['kind']> = Extract<LedgerEvent, { kind: Kind }>

const coverable: readonly string[] = ['aggregates', 'ledger', 'raw']

/** @throws TransitionError */
export function holdsAfterPlacing(holds: readonly Hold[], event: OfKind<'hold.placed'>, at: string): readonly Hold[] {
  requireForm(isText(event.case) && isText(event.why), 'a hold needs a case id and a reason')
  const covers = Array.isArray(event.covers) ? event.covers : []
  requireForm(covers.length > 0 && covers.every((one) => coverable.includes(one)), `${event.case} covers nothing known`)
  requireForm(event.until === undefined || isTime(event.until), `the end of ${event.case} is no time`)
  requireForm(
    !covers.includes('raw') || event.until !== undefined,
    `${event.case} covers raw records and so needs an end`,
  )
  requireForm(!holds.some((one) => one.case === event.case && !one.releasedAt), `${event.case} is held already`)
  const hold: Hold = {
    case: event.case,
    why: event.why,
    covers: Object.freeze([...covers]),
    placedAt: at,
    ...(event.until !== undefined && { until: event.until }),
    ...(event.order !== undefined && { order: event.order }),
  }
  return Object.freeze([...holds, Object.freeze(hold)])
}

/** @throws TransitionError */
export function holdsAfterRelease(holds: readonly Hold[], event: OfKind<'hold.released'>, at: string): readonly Hold[] {
  const index = holds.findIndex((one) => one.case === event.case && !one.releasedAt)
  requireForm(index >= 0, `${event.case} is not held`)
  return Object.freeze(holds.map((one, i) => (i === index ? Object.freeze({ ...one, releasedAt: at }) : one)))
}

/** @throws TransitionError */
export function policyOf(
  policies: readonly PolicyVersion[],
  { version, sha256, minimum, notice }: OfKind<'policy.adopted'>,
  at: string,
): PolicyVersion {
  requireForm(isPolicyVersion(version) && isPolicyVersion(minimum), 'the version or the minimum of a policy is none')
  requireForm(typeof notice === 'string' && isSha256(sha256), `the policy ${version} has no SHA-256 or no notice`)
  requireForm(comparePolicyVersions(minimum, version) <= 0, `the minimum ${minimum} is newer than policy ${version}`)
  const last = policies.at(-1)
  const order = last ? comparePolicyVersions(version, last.version) : 1
  requireForm(order >= 0, `the policy ${version} is older than the one before`)
  // The minimum may change under the same text.
  requireForm(
    order > 0 || (sha256 === last?.sha256 && minimum !== last.minimum),
    `the policy ${version} was adopted before`,
  )
  return Object.freeze({ version, sha256, minimum, notice, adoptedAt: at })
}
