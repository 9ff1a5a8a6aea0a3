/**
 * What partners are refused with. Each text is a constant: nothing in it tells an unknown key from a revoked one, or a
 * dataset that is not theirs from one that is not there.
 */
import { unauthorized } from '../../../shared/http/authorization.ts'
import { ProblemError, problem } from '../../../shared/http/problem.ts'

/** No key, a wrong one, one that has ended, one that was revoked, another kind of token. */
export function noPartner(): ProblemError {
  return unauthorized(
    'Bearer',
    'Send the header `Authorization: Bearer <partner key>`. Keys end and can be revoked: ask who gave you yours.',
  )
}

/** Out of the key's scope, never released, not published (yet), not existing. */
export function noSuchRelease(): ProblemError {
  return new ProblemError(
    problem(
      404,
      'no-such-release',
      'There is no such release for this key',
      'GET /partner/v1/datasets lists the datasets of your key, and each names its releases.',
    ),
  )
}

/** A link with a wrong signature, past its time, or of a partner that may no longer read. */
export function noSuchLink(): ProblemError {
  return new ProblemError(
    problem(403, 'link-not-valid', 'This link is not valid, or no longer', 'Ask for a new link with your key.'),
  )
}

/** @param seconds until the next request has a chance */
export function tooMany(seconds: number): ProblemError {
  return new ProblemError(
    problem(429, 'too-many-requests', 'Too many requests', 'Ask again after the seconds in Retry-After.'),
    { 'retry-after': String(Math.max(1, Math.ceil(seconds))) },
  )
}

/** What is not in the ledger is not handed out. */
export function ledgerAway(): ProblemError {
  return new ProblemError(
    problem(
      503,
      'ledger-unavailable',
      'Nothing can be handed out now',
      'Every access is recorded first, and the ledger cannot be written now. Ask again after the seconds in Retry-After.',
    ),
    { 'retry-after': '5' },
  )
}

export function unreadable(): ProblemError {
  return new ProblemError(
    problem(
      503,
      'release-unreadable',
      'This release cannot be read now',
      'Its stored bytes are away or are not the published ones. Ask again later, and tell who gave you your key.',
    ),
    { 'retry-after': '30' },
  )
}

export function badRequest(detail: string, valid?: readonly string[]): ProblemError {
  return new ProblemError(problem(400, 'invalid-request', 'The request is not right', detail, valid ? { valid } : {}))
}
