/**
 * The first-party cookie by which a browser without an identifier of its own is counted once: 128 random bits, nothing
 * else, unreadable for scripts.
 *
 * The request that is given a cookie is still counted by address and user agent. Counting it by the new cookie would
 * make every request of a browser that refuses cookies a new device.
 */
import { randomBytes } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

const cookieName = 'headcount'
const valid = /^[A-Za-z0-9_-]{22}$/

/**
 * Whether a page made the request: browsers send `Origin` with every POST and `Sec-Fetch-…` with everything. The fetch of
 * Node sends `Sec-Fetch-Mode` too (tried; user agent `node`), and a program taken for a browser would be dropped as a
 * bot, so that header alone needs a browser's user agent beside it.
 */
export function isBrowser(headers: IncomingHttpHeaders): boolean {
  if (headers.origin !== undefined || headers['sec-fetch-site'] !== undefined) return true
  return headers['sec-fetch-mode'] !== undefined && headers['user-agent']?.startsWith('Mozilla/') === true
}

/** The cookie that we gave, or undefined when there is none, or one that we cannot have given. */
export function cookieIdentifier(headers: IncomingHttpHeaders): string | undefined {
  const header = headers.cookie
  if (header === undefined || !header.includes(cookieName)) return undefined
  for (const pair of header.split(';')) {
    const at = pair.indexOf('=')
    if (at < 0 || pair.slice(0, at).trim() !== cookieName) continue
    const value = pair.slice(at + 1).trim()
    if (valid.test(value)) return value
  }
  return undefined
}

/** A page of another site could not have the cookie sent back (SameSite), so it is given none. */
export function mayHaveCookie(headers: IncomingHttpHeaders): boolean {
  return headers['sec-fetch-site'] !== 'cross-site'
}

/** The value of `Set-Cookie` for a new identifier. @param days life of the cookie */
export function newCookie(days: number): string {
  const value = randomBytes(16).toString('base64url')
  return `${cookieName}=${value}; Path=/; Max-Age=${days * 86_400}; Secure; HttpOnly; SameSite=Lax`
}
