/** Bodies of JSON, whatever their content type says, bounded; none at all is an empty object. */
import type { FastifyInstance } from 'fastify'
import { badRequest } from './partner-problems.ts'

/** Within one part of the server (an encapsulated plugin). */
export function takeJsonBodies(part: FastifyInstance, bodyBytesMax: number): void {
  part.removeAllContentTypeParsers()
  part.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: bodyBytesMax }, (_request, body, done) => {
    try {
      done(null, readObject(body as Buffer))
    } catch (error) {
      done(error as Error)
    }
  })
}

function readObject(body: Buffer): Record<string, unknown> {
  if (body.length === 0) return {}
  try {
    const value: unknown = JSON.parse(body.toString('utf8'))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // The parser's message quotes the input.
  }
  throw badRequest('The body must be a JSON object')
}
