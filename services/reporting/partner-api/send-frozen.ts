/** Sends bytes that never change: strong ETag, conditions, one range, digest (RFC 9110, RFC 9530). */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { ProblemError, problem } from '../../../shared/http/problem.ts'
import { parseRange } from './byte-range.ts'
import type { FrozenBytes } from './frozen-files.ts'

const yearSeconds = 31_536_000

export interface FrozenAnswer extends FrozenBytes {
  readonly filename: string
  /** How long a client may use it without asking; by default for ever, as it never changes. */
  readonly maxAgeSeconds?: number
}

/** @throws ProblemError 412, 416 */
export function sendFrozen(request: FastifyRequest, reply: FastifyReply, answer: FrozenAnswer): FastifyReply {
  const { bytes, sha256, mediaType, filename, maxAgeSeconds } = answer
  const etag = `"${sha256}"`
  const { headers, method } = request
  const ifMatch = headers['if-match']
  if (ifMatch !== undefined && !names(ifMatch, etag, false)) throw changed()
  reply.headers({
    etag,
    'cache-control':
      maxAgeSeconds === undefined ? `private, max-age=${yearSeconds}, immutable` : `private, max-age=${maxAgeSeconds}`,
    vary: 'authorization',
    'accept-ranges': 'bytes',
  })
  const ifNoneMatch = headers['if-none-match']
  if (ifNoneMatch !== undefined && names(ifNoneMatch, etag, true)) return reply.code(304).send()
  reply.headers({
    'content-type': mediaType,
    'content-disposition': `attachment; filename="${filename}"`,
    'repr-digest': `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`,
  })
  // A date is no strong validator here, so If-Range with one gets the whole.
  const wants = method === 'GET' && (headers['if-range'] ?? etag) === etag
  const range = wants ? parseRange(headers.range, bytes.length) : 'whole'
  if (range === 'whole') return reply.send(bytes)
  if (range === 'unsatisfiable') throw outOfRange(bytes.length)
  const { start, end } = range
  return reply
    .code(206)
    .header('content-range', `bytes ${start}-${end}/${bytes.length}`)
    .send(bytes.subarray(start, end + 1))
}

/** Whether a list of entity tags has this one. @param weakly `W/"x"` matches `"x"`, too (RFC 9110, 8.8.3.2) */
function names(list: string, etag: string, weakly: boolean): boolean {
  return list.split(',').some((one) => {
    const tag = one.trim()
    return tag === '*' || tag === etag || (weakly && tag === `W/${etag}`)
  })
}

function changed(): ProblemError {
  return new ProblemError(
    problem(
      412,
      'precondition-failed',
      'If-Match names another version',
      'A release has one version; leave the header out.',
    ),
  )
}

function outOfRange(length: number): ProblemError {
  return new ProblemError(
    problem(
      416,
      'range-not-satisfiable',
      'The range starts after the end',
      'Content-Range says how many bytes there are.',
    ),
    { 'content-range': `bytes */${length}`, 'content-disposition': 'inline', 'cache-control': 'no-store' },
  )
}
