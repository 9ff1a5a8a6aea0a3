/** What the collector says about itself: the public catalogue, health; metrics and what is undeclared behind the admin token. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type Catalogue, publicCatalogue } from '../../shared/catalogue.ts'
import { bearerToken, type KeyCheck, unauthorized } from '../../shared/http/authorization.ts'
import type { Metrics } from '../../shared/metrics.ts'
import type { Undeclared } from './undeclared.ts'

/** Names in one question. */
const askedMax = 100

export interface Readiness {
  ready: boolean
  /** What was looked at, and what it said. */
  checks: Record<string, string>
}

interface OperationsOptions {
  catalogue: Catalogue
  metrics: Metrics
  undeclared: Undeclared
  isAdminToken: KeyCheck
  readiness: () => Readiness
}

export function addOperations(app: FastifyInstance, options: OperationsOptions): void {
  const { metrics, isAdminToken, readiness } = options
  const catalogue = JSON.stringify(publicCatalogue(options.catalogue))
  app.get('/v1/catalogue', (_request, reply) =>
    reply
      .headers({ 'content-type': 'application/json; charset=utf-8', 'cache-control': 'public, max-age=300' })
      .send(catalogue),
  )
  app.get('/health/live', (_request, reply) => reply.send({ status: 'live' }))
  app.get('/health/ready', (_request, reply) => {
    const { ready, checks } = readiness()
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not ready', checks })
  })
  const requireAdmin = ({ headers }: FastifyRequest) => {
    const token = bearerToken(headers.authorization)
    if (token === undefined || !isAdminToken(token))
      throw unauthorized('Bearer', 'Send the header `Authorization: Bearer <admin token>`.')
  }
  app.get<{ Querystring: { name?: string | string[] } }>('/v1/undeclared', async (request, reply) => {
    requireAdmin(request)
    const { name = [] } = request.query
    const report = options.undeclared.report([name].flat().slice(0, askedMax))
    return reply.header('cache-control', 'no-store').send(report)
  })
  app.get('/metrics', async (request, reply) => {
    requireAdmin(request)
    const text = await metrics.registry.metrics()
    return reply.header('content-type', metrics.registry.contentType).send(text)
  })
}
