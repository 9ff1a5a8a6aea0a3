/**
 * `GET /tracker.js`: the same bytes for everybody, whatever they have chosen. Choices are looked at by the script when it
 * runs and by the collector when it sends, so no cache can hold one, nor serve somebody else's.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type TrackerFile, trackerFile } from './tracker-file.ts'

/** Its address has no version in it: a mended script is everywhere within a day, mostly within an hour. */
const cacheControl = 'public, max-age=3600, stale-while-revalidate=82800'

export function addTracker(app: FastifyInstance): void {
  app.get('/tracker.js', { schema: { hide: true } }, async (request, reply) =>
    send(request, reply, await trackerFile()),
  )
}

function send(request: FastifyRequest, reply: FastifyReply, file: TrackerFile): FastifyReply {
  const accepted = String(request.headers['accept-encoding'] ?? '')
  const coding = /\bbr\b/.test(accepted) ? 'br' : /\bgzip\b/.test(accepted) ? 'gzip' : undefined
  // Strong: other bytes, another tag.
  const tag = `"${file.hash}${coding === undefined ? '' : `-${coding}`}"`
  reply.headers({
    'cache-control': cacheControl,
    'cross-origin-resource-policy': 'cross-origin',
    'access-control-allow-origin': '*',
    vary: 'Accept-Encoding',
    etag: tag,
  })
  if (matches(request.headers['if-none-match'], tag)) return reply.code(304).send()
  reply.header('content-type', 'text/javascript; charset=utf-8')
  if (coding === undefined) return reply.send(file.plain)
  return reply.header('content-encoding', coding).send(coding === 'br' ? file.brotli : file.gzip)
}

function matches(header: string | undefined, tag: string): boolean {
  return (header ?? '').split(',').some((one) => one.trim() === tag || one.trim() === '*')
}
