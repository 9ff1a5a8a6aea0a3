/** What is answered to requests that come while the collector stops. */
import { ProblemError, problem } from '../../shared/http/problem.ts'

export function shuttingDown(): ProblemError {
  return new ProblemError(
    problem(
      503,
      'shutting-down',
      'The collector is shutting down',
      'Nothing of this request was taken. Send it again, with the same event ids, after the seconds in Retry-After.',
    ),
    { 'retry-after': '1' },
  )
}
