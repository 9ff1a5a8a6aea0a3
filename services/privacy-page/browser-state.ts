/** What is known of the browser that asks for the page: from its own headers and, by its own cookie, from the choices. */
import type { IncomingHttpHeaders } from 'node:http'
import type { ChoiceBook } from '../../shared/choices/choice-book.ts'
import type { Choice } from '../../shared/choices/port.ts'
import { cookieIdentifier } from '../collector/browser-cookie.ts'
import { hasOptedOutByCookie } from '../collector/privacy/choice-cookie.ts'
import { browserSignal } from '../collector/privacy-signals.ts'

export interface BrowserState {
  /** Why it is not counted, or that it is. */
  readonly counted: 'yes' | 'gpc' | 'dnt' | 'opted-out'
  /** It has the cookie with a random number. */
  readonly hasIdentifier: boolean
  /** It has the cookie that says that it has opted out. */
  readonly hasChoiceCookie: boolean
  /** What was chosen under its identifier, oldest first. */
  readonly choices: readonly Pick<Choice, 'act' | 'at' | 'policy'>[]
}

export function browserState(headers: IncomingHttpHeaders, { log, subjectOf }: ChoiceBook): BrowserState {
  const identifier = cookieIdentifier(headers)
  const subject = identifier === undefined ? undefined : subjectOf('cookie', identifier)
  const hasChoiceCookie = hasOptedOutByCookie(headers)
  const isOptedOut = subject !== undefined && log.choices.countedFrom(subject) === Number.POSITIVE_INFINITY
  return {
    counted: browserSignal(headers) ?? (hasChoiceCookie || isOptedOut ? 'opted-out' : 'yes'),
    hasIdentifier: identifier !== undefined,
    hasChoiceCookie,
    choices:
      subject === undefined ? [] : log.choices.history(subject).map(({ act, at, policy }) => ({ act, at, policy })),
  }
}
