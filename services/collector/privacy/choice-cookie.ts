/**
 * The cookie by which a browser says that it has opted out. Its value is the same for everybody, so it identifies nobody;
 * it works without any other cookie.
 */

import type { IncomingHttpHeaders } from 'node:http'
import { choiceCookieMs } from '../../../shared/retention/limits.ts'

const name = 'headcount_choice'
const value = 'opt-out'
/** What browsers allow at most (RFC 6265bis: 400 days). */
const maxAgeSeconds = choiceCookieMs / 1000

export function hasOptedOutByCookie({ cookie }: IncomingHttpHeaders): boolean {
  if (cookie === undefined || !cookie.includes(name)) return false
  return cookie.split(';').some((pair) => pair.trim() === `${name}=${value}`)
}

/** Values of `Set-Cookie`: the choice is kept, and the identifier goes. */
export const optOutCookies = [
  `${name}=${value}; Path=/; Max-Age=${maxAgeSeconds}; Secure; HttpOnly; SameSite=Lax`,
  'headcount=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax',
]
export const optInCookies = [`${name}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax`]
