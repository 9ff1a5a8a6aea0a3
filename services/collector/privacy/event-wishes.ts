/**
 * What the events of one request wish: whose identifier has opted out, or whose sender says itself that it is not to be
 * counted, is declined (neither accepted nor rejected); what comes from a child is rejected, and its identifiers are
 * kept until the request's end, for their deletion.
 *
 * Every identifier of an event counts, not only the one it would be counted by: somebody who opted out with a cookie is
 * not counted by the device id that stands beside it.
 */
import type { SubjectKind } from '../../../shared/choices/port.ts'
import type { Mark } from './event-marks.ts'

/** Whether an identifier is of somebody who has opted out; undefined while nobody has. */
export type IsOptedOut = (kind: SubjectKind, id: string) => boolean

/** As the event has them, unchecked: what is no text is nobody's identifier. */
export interface Identifiers {
  readonly device?: unknown
  readonly cookie?: unknown
  readonly cluster?: unknown
  /** A second one of the same kind, as Segment's `userId` beside `anonymousId`. */
  readonly otherDevice?: unknown
}

export class EventWishes {
  /** What the body says of all of its events. */
  ofAll: Mark | undefined
  /** Events declined so far, by signal. */
  readonly declined = { 'opt-out': 0, 'telemetry-off': 0 }
  /** Of the events of children. */
  readonly children: Identifiers[] = []
  readonly #isOptedOut: IsOptedOut | undefined

  constructor(isOptedOut: IsOptedOut | undefined) {
    this.#isOptedOut = isOptedOut
  }

  /** To be asked of each event once, before it is taken; undefined when it may be. */
  verdict(mark: Mark | undefined, identifiers: Identifiers): 'child' | 'declined' | undefined {
    if (mark === 'child' || this.ofAll === 'child') {
      this.children.push(identifiers)
      return 'child'
    }
    if (mark === 'telemetry-off' || this.ofAll === 'telemetry-off') return this.#decline('telemetry-off')
    if (this.#isOptedOut === undefined || !anyOf(identifiers, this.#isOptedOut)) return undefined
    return this.#decline('opt-out')
  }

  #decline(signal: keyof EventWishes['declined']): 'declined' {
    this.declined[signal]++
    return 'declined'
  }
}

function anyOf({ device, cookie, cluster, otherDevice }: Identifiers, isOptedOut: IsOptedOut): boolean {
  return (
    (typeof device === 'string' && isOptedOut('device', device)) ||
    (typeof cookie === 'string' && isOptedOut('cookie', cookie)) ||
    (typeof cluster === 'string' && isOptedOut('cluster', cluster)) ||
    (typeof otherDevice === 'string' && isOptedOut('device', otherDevice))
  )
}
