/** Serves the dashboard's page and its two files, compressed as the browser takes it. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type PageFile, pageFiles } from './page-files.ts'

/** Its own files and its own API; charts set sizes inline. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; img-src 'self' data: blob:; " +
  "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

export function addDashboardPage(app: FastifyInstance): void {
  app.get('/', { schema: { hide: true } }, async (request, reply) =>
    send(request, reply.header('content-security-policy', policy), (await pageFiles()).html),
  )
  app.get<{ Params: { file: string } }>('/dashboard/:file', { schema: { hide: true } }, async (request, reply) => {
    const file = (await pageFiles()).assets.get(request.params.file)
    if (!file) return reply.callNotFound()
    return send(request, reply.header('cache-control', 'public, max-age=31536000, immutable'), file)
  })
}

function send(request: FastifyRequest, reply: FastifyReply, file: PageFile): FastifyReply {
  const taken = String(request.headers['accept-encoding'] ?? '')
  const encoding = /\bbr\b/.test(taken) ? 'br' : /\bgzip\b/.test(taken) ? 'gzip' : undefined
  reply.header('content-type', file.type).header('vary', 'accept-encoding')
  if (encoding === undefined) return reply.send(file.plain)
  return reply.header('content-encoding', encoding).send(encoding === 'br' ? file.brotli : file.gzip)
}
