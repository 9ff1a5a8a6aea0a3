/** What a choice or a deletion can be refused for (RFC 9457). */
import { ProblemError, problem } from '../../../shared/http/problem.ts'

export function notReadable(detail: string): ProblemError {
  return new ProblemError(problem(400, 'bad-request', 'The request cannot be read', detail))
}

export function notPossible(detail: string): ProblemError {
  return new ProblemError(problem(400, 'no-identifier', 'There is no identifier', detail))
}

/** The same whether or not the identifier is known. */
export function forbidden(detail: string): ProblemError {
  return new ProblemError(problem(403, 'not-yours', 'Nothing shows that you may ask this', detail))
}

export function overtaken(): ProblemError {
  return new ProblemError(
    problem(
      409,
      'overtaken',
      'An opt-out came at the same moment',
      'It holds. Opt in again if that is still what is wanted.',
    ),
  )
}

/** Nothing was changed. What a sender can do meanwhile needs no entry. */
export function choicesFull(): ProblemError {
  return new ProblemError(
    problem(
      503,
      'choices-full',
      'No more choices can be kept now',
      'The operator is alerted. Until then `Sec-GPC: 1` or `Headcount-Telemetry: off` with each request does the same.',
    ),
    { 'retry-after': '3600' },
  )
}

/** Nothing is known of whether it was kept; asking again does no harm. */
export function choicesUnavailable(): ProblemError {
  return new ProblemError(
    problem(
      503,
      'choices-unavailable',
      'Choices cannot be stored now',
      'Send the request again after the seconds in Retry-After; events with the same ids.',
    ),
    { 'retry-after': '5' },
  )
}

/** Others are looking already: the whole log is read each time. */
export function tooBusy(seconds: number): ProblemError {
  return new ProblemError(problem(429, 'busy', 'Others are asking', 'Ask again after the seconds in Retry-After.'), {
    'retry-after': String(seconds),
  })
}

export function logUnavailable(): ProblemError {
  return new ProblemError(
    problem(
      503,
      'event-log-unavailable',
      'The raw records cannot be read now',
      'Ask again after the seconds in Retry-After.',
    ),
    { 'retry-after': '5' },
  )
}

export function tooManyRequests(seconds: number): ProblemError {
  return new ProblemError(
    problem(
      429,
      'too-many-requests',
      'Too many requests from this address',
      'Nothing was changed. Send it again after the seconds in Retry-After.',
    ),
    { 'retry-after': String(seconds) },
  )
}
