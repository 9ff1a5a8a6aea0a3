/** Bodies and keys of dialects: read the same way, refused with the same problems. */
import type { IncomingHttpHeaders } from 'node:http'
import { bearerToken, type KeyCheck, unauthorized } from '../../../shared/http/authorization.ts'
import { ProblemError, problem } from '../../../shared/http/problem.ts'
import { checkDepth, decodeText, parseJson } from '../json-body.ts'

/**
 * Any JSON value. Items nest (contexts, properties), so depth is judged on the text, before anything is made of it.
 * @throws ProblemError 400 not UTF-8, not JSON, too deep
 */
export function parseBody(body: Buffer): unknown {
  checkDepth(body)
  return parseJson(body, decodeText(body))
}

/** @throws ProblemError 413 when there are more than `max` */
export function requireAtMost(max: number, events: readonly unknown[]): void {
  if (events.length > max) throw tooManyEvents(max)
}

export function tooManyEvents(max: number): ProblemError {
  return new ProblemError(
    problem(
      413,
      'too-many-events',
      'The request has too many events',
      `A request may have at most ${max} events. None was taken; send them in several requests.`,
    ),
  )
}

/**
 * Whether every key is one that senders may give; one is looked at once, as events of a request mostly have the same.
 * None at all: false.
 */
export function areSenderKeys(keys: readonly unknown[], isSenderKey: KeyCheck): boolean {
  const different = [...new Set(keys)]
  return different.length > 0 && different.every((key) => typeof key === 'string' && isSenderKey(key))
}

/**
 * By a bearer token; without one the body has to have the key.
 * @param where the key belongs in this dialect, as the end of a sentence
 * @throws ProblemError 401 when there is a token, and it is none
 */
export function bearerOrInBody(
  { authorization }: IncomingHttpHeaders,
  isSenderKey: KeyCheck,
  where: string,
): 'granted' | 'in-body' {
  if (authorization === undefined) return 'in-body'
  const key = bearerToken(authorization)
  if (key !== undefined && isSenderKey(key)) return 'granted'
  throw wrongSenderKey(where)
}

/** @param where the key belongs in this dialect, as the end of a sentence */
export function wrongSenderKey(where: string): ProblemError {
  return unauthorized('Bearer', `Send the write key, or one of HEADCOUNT_SENDER_KEYS of the installation, ${where}.`)
}

/** @param form what the body should have been, as the end of a sentence */
export function wrongForm(form: string): ProblemError {
  return new ProblemError(problem(400, 'wrong-form', 'The body has no events in a form that is known', `Send ${form}.`))
}
