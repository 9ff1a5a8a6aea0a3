/** What events of pages have in common: a browser sends them, and without being asked to it uses no cookie. */
import type { Catalogue } from '../../../shared/catalogue.ts'
import { markIn, markNames } from '../privacy/event-marks.ts'
import type { Sender } from '../unit-groups.ts'
import type { SentRequest } from './dialect.ts'
import type { ForeignEvent } from './foreign-event.ts'

/** The request as of a browser without our cookie. Its opt-out was looked for before. */
export function cookieless(request: SentRequest): SentRequest {
  return { ...request, sender: { ...request.sender, cookie: undefined } }
}

type InPage = Pick<ForeignEvent, 'identifiers' | 'mark' | 'route' | 'userAgent' | 'policy' | 'field'>

/** @param given a member of the event, or a parameter; null and an empty text count as absent where an identifier is meant */
export function inPage({ userAgent }: Sender, given: ForeignEvent['field'], declared: Catalogue['fields']): InPage {
  const identifier = (name: string): unknown => (given(name) === '' ? undefined : (given(name) ?? undefined))
  const marks = [...markNames].filter((name) => given(name) !== undefined)
  return {
    identifiers: { device: identifier('device'), cluster: identifier('cluster') },
    mark: markIn(Object.fromEntries(marks.map((name) => [name, given(name)])), declared),
    route: 'browser',
    userAgent,
    policy: given('policy'),
    field: given,
  }
}
