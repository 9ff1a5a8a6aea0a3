/** Which holds and policy versions may follow on which. */
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
  requireForm(isText(version) && isText(minimum) && typeof notice === 'string', 'what a policy is was left out')
  requireForm(isSha256(sha256), `the policy ${version} has no SHA-256`)
  requireForm(!policies.some((one) => one.version === version), `the policy ${version} was adopted before`)
  requireForm(
    minimum === version || policies.some((one) => one.version === minimum),
    `the minimum ${minimum} was never adopted`,
  )
  return Object.freeze({ version, sha256, minimum, notice, adoptedAt: at })
}
