/**
 * An event of a dialect that is not our own, as its mapping found it: what Headcount may look at and nothing else. What
 * is declared of it is kept; whatever it says of a person is not even in here.
 */
import type { Route } from '../../../shared/event.ts'
import type { Mark } from '../privacy/event-marks.ts'
import type { Identifiers } from '../privacy/event-wishes.ts'

export interface ForeignEvent {
  /** The same when the event is sent again: an identifier (`isIdentifier`), if need be `stableId` of what was sent. */
  readonly id: string
  /** By our clock (`correctedTime`); ms since the Unix epoch. */
  readonly time: number
  /**
   * What was used: a name that the catalogue may know, or the path of a page. `person`: the event is about somebody and
   * not about a use of anything, so it is taken and nothing of it is kept.
   */
  readonly about: { readonly name: unknown } | { readonly path: string | undefined } | 'person'
  /** All that it has, whichever it is counted by, unchecked. */
  readonly identifiers: Identifiers
  /** Of what it says about its sender. */
  readonly mark: Mark | undefined
  /** Whether it came from a page or a program, and by which user agent: a program may send for browsers. */
  readonly route: Route
  readonly userAgent: string
  /** Policy version it says its sender has agreed to. */
  readonly policy: unknown
  /** What it has under a declared field's name, unchecked; asked for declared names only. */
  field(name: string): unknown
}
