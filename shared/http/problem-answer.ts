/** How errors leave the collector: RFC 9457 problems, also where Fastify or Node found the error first. */
import type { Socket } from 'node:net'
import type { FastifyReply } from 'fastify'
import type { Logger } from '../logger.ts'
import { type Problem, ProblemError, problem, problemType } from './problem.ts'

export function sendProblem(reply: FastifyReply, answer: Problem, headers: Record<string, string> = {}): void {
  // As bytes: to text Fastify adds a charset, which this media type does not have.
  reply
    .code(answer.status)
    .headers(headers)
    .header('content-type', problemType)
    .send(Buffer.from(JSON.stringify(answer)))
}

/** An error that is nobody's fault but ours: 503, as nothing was lost and the same request may work later. */
export function unexpected(error: unknown, logger: Logger): ProblemError {
  logger.error({ err: error }, 'a request failed unexpectedly')
  return new ProblemError(
    problem(
      503,
      'unavailable',
      'The request could not be carried out',
      'This is an error of the collector. Send the request again after the seconds in Retry-After.',
    ),
    { 'retry-after': '5' },
  )
}

/** For errors that Fastify raises itself; its own messages may quote the request. */
export function fromFramework(error: unknown, logger: Logger): ProblemError {
  if (error instanceof ProblemError) return error
  const status = (error as { statusCode?: unknown }).statusCode
  if (typeof status !== 'number' || status < 400 || status > 499) return unexpected(error, logger)
  return new ProblemError(
    problem(
      status,
      'bad-request',
      'The request cannot be understood',
      'Check the method, the path and the headers against GET /v1/catalogue and the documentation.',
    ),
  )
}

const parserProblems: Record<string, Problem> = {
  HPE_HEADER_OVERFLOW: problem(
    431,
    'headers-too-large',
    'The headers are too large',
    'Send at most 16 KiB of headers; cookies and authorization are the usual cause.',
  ),
  ERR_HTTP_REQUEST_TIMEOUT: problem(
    408,
    'too-slow',
    'The request took too long to arrive',
    'Send the whole request within the time limit, in smaller pieces if the line is slow.',
  ),
}
const malformed = problem(400, 'malformed-http', 'The request is not HTTP/1.1', 'Send a well-formed HTTP request.')

/**
 * Answers what Node's parser refused, and closes the connection: after such an error nothing on it can be trusted.
 * @returns the status that was sent; undefined when nobody is there to read one
 */
export function answerParserError(error: { code?: string }, socket: Socket): number | undefined {
  const answering = (socket as Socket & { _httpMessage?: { headersSent?: boolean } })._httpMessage
  // In the middle of an answer (or after the client has gone) a second one would be garbage.
  if (error.code === 'ECONNRESET' || !socket.writable || answering?.headersSent) {
    socket.destroy()
    return undefined
  }
  const answer = parserProblems[error.code ?? ''] ?? malformed
  const body = JSON.stringify(answer)
  socket.end(
    `HTTP/1.1 ${answer.status} ${answer.title}\r\nContent-Type: ${problemType}\r\nX-Content-Type-Options: nosniff\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    () => socket.destroy(),
  )
  return answer.status
}
