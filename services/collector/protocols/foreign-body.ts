/** Bodies and keys of foreign dialects: read the same way, refused with the same problems. */
import { type KeyCheck, unauthorized } from '../../../shared/http/authorization.ts'
import { ProblemError, problem } from '../../../shared/http/problem.ts'
import { checkDepth, decodeText, parseJson } from '../json-body.ts'

/**
 * Any JSON value. Items nest (contexts, properties), so depth is judged on the text, before anything is made of it.
 * @throws ProblemError 400 not UTF-8, not JSON, too deep
 */
export function parseBody(body: Buffer): unknown {
  checkDepth(body)
  return parseJson(body, decodeText(body).text)
}

/** @throws ProblemError 413 when there are more than `max` */
export function requireAtMost(max: number, events: readonly unknown[]): void {
  if (events.length <= max) return
  throw new ProblemError(
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

/** @param where the key belongs in this dialect, as the end of a sentence */
export function wrongSenderKey(where: string): ProblemError {
  return unauthorized('Bearer', `Send the write key, or one of HEADCOUNT_SENDER_KEYS of the installation, ${where}.`)
}

/** @param form what the body should have been, as the end of a sentence */
export function wrongForm(form: string): ProblemError {
  return new ProblemError(problem(400, 'wrong-form', 'The body has no events in a form that is known', `Send ${form}.`))
}
