/** What becomes of an error inside a request: always a problem, never its own message, which may quote the request. */

import { ProblemError, problem } from '../../shared/http/problem.ts'
import type { Logger } from '../../shared/logger.ts'

/** Nobody reads it: the connection was closed while an answer was sent piece by piece. */
const askerLeft = new ProblemError(problem(400, 'bad-request', 'The connection was closed', 'Ask again.'))

/** The problem to answer with; what nobody expected is logged, without the request. */
export function asProblem(error: unknown, logger: Logger): ProblemError {
  if (error instanceof ProblemError) return error
  const { statusCode: status, code } = error as { statusCode?: unknown; code?: unknown }
  if (code === 'ERR_STREAM_PREMATURE_CLOSE') return askerLeft
  if (typeof status === 'number' && status >= 400 && status < 500)
    return new ProblemError(
      problem(status, 'bad-request', 'The request cannot be understood', 'GET /openapi.json says what can be asked.'),
    )
  logger.error({ err: error }, 'a request failed unexpectedly')
  return new ProblemError(
    problem(
      500,
      'internal',
      'The request could not be carried out',
      'This is an error of the server, and its log says more. Ask for a shorter range, or again later.',
    ),
  )
}
