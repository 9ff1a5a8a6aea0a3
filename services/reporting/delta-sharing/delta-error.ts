/** Errors as the Delta Sharing protocol has them: `{errorCode, message}`. */
import type { FastifyReply } from 'fastify'
import { type Problem, ProblemError, problem } from '../../../shared/http/problem.ts'

const codes: Readonly<Record<number, string>> = {
  400: 'INVALID_PARAMETER_VALUE',
  401: 'UNAUTHENTICATED',
  404: 'RESOURCE_DOES_NOT_EXIST',
  413: 'INVALID_PARAMETER_VALUE',
  429: 'REQUEST_LIMIT_EXCEEDED',
  500: 'INTERNAL_ERROR',
  503: 'TEMPORARILY_UNAVAILABLE',
}

export function sendDeltaError(
  reply: FastifyReply,
  { status, title, detail }: Problem,
  headers: Record<string, string>,
): void {
  const body = { errorCode: codes[status] ?? 'INVALID_PARAMETER_VALUE', message: `${title}. ${detail}` }
  reply.code(status).headers(headers).send(body)
}

/** A share, schema or table that is not there for this partner, whatever the reason. */
export function noSuchThing(): ProblemError {
  return new ProblemError(
    problem(
      404,
      'no-such-table',
      'There is no such share, schema or table for this key',
      'GET shares/headcount/all-tables lists its tables.',
    ),
  )
}
