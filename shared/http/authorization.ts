/** Checks of keys and tokens, in constant time: only their length, which is no secret, can show in how long they take. */
import { timingSafeEqual } from 'node:crypto'
import { ProblemError, problem } from './problem.ts'

export type KeyCheck = (given: string) => boolean

export function keyCheck(key: string): KeyCheck {
  const expected = Buffer.from(key)
  return (given) => {
    const bytes = Buffer.from(given)
    return bytes.length === expected.length && timingSafeEqual(bytes, expected)
  }
}

/** Whether it is any of the keys; each is looked at, so that the time tells nothing of which. */
export function anyKeyCheck(keys: readonly string[]): KeyCheck {
  const checks = keys.map(keyCheck)
  return (given) => checks.map((check) => check(given)).includes(true)
}

/** The token of `Authorization: Bearer <token>` (RFC 6750), undefined for every other form. */
export function bearerToken(header: string | undefined): string | undefined {
  return credentials(header, 'bearer')
}

/** The user name of `Authorization: Basic <base64 of user:password>` (RFC 7617), undefined for every other form. */
export function basicUser(header: string | undefined): string | undefined {
  const encoded = credentials(header, 'basic')
  if (encoded === undefined) return undefined
  const pair = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = pair.indexOf(':')
  return colon < 0 ? pair : pair.slice(0, colon)
}

function credentials(header: string | undefined, scheme: string): string | undefined {
  if (header === undefined) return undefined
  const space = header.indexOf(' ')
  if (space !== scheme.length || header.slice(0, space).toLowerCase() !== scheme) return undefined
  return header.slice(space + 1).trim()
}

/** A 401 with its challenge. @param mend what to send instead; never what was sent */
export function unauthorized(scheme: 'Basic' | 'Bearer', mend: string): ProblemError {
  return new ProblemError(problem(401, 'unauthorized', 'The key is missing or wrong', mend), {
    'www-authenticate': `${scheme} realm="headcount"`,
  })
}
