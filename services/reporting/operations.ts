/** What reporting says about itself: health, and metrics behind the admin token. */
import type { FastifyInstance } from 'fastify'
import type { Metrics } from '../../shared/metrics.ts'
import { jsonAnswer, problemAnswers } from './openapi.ts'

interface OperationsOptions {
  metrics: Metrics
  /** Throws a ProblemError unless the Authorization header has the admin token. */
  authorize: (authorization: string | undefined) => void
  readiness: () => { ready: boolean; checks: Record<string, string> }
}

export function addOperations(app: FastifyInstance, { metrics, authorize, readiness }: OperationsOptions): void {
  app.get('/health/live', { schema: liveSchema }, (_request, reply) => reply.send({ status: 'live' }))
  app.get('/health/ready', { schema: readySchema }, (_request, reply) => {
    const { ready, checks } = readiness()
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not ready', checks })
  })
  app.get('/metrics', { schema: metricsSchema }, async (request, reply) => {
    authorize(request.headers.authorization)
    const text = await metrics.registry.metrics()
    return reply.header('content-type', metrics.registry.contentType).send(text)
  })
}

const status = { type: 'string' }
const checks = { type: 'object', additionalProperties: { type: 'string' } }
const readiness = { type: 'object', required: ['status', 'checks'], properties: { status, checks } }

const liveSchema = {
  tags: ['operation'],
  summary: 'Whether the process runs',
  response: { 200: jsonAnswer('It runs', { type: 'object', properties: { status } }, { status: 'live' }) },
}
const readySchema = {
  tags: ['operation'],
  summary: 'Whether questions can be answered',
  response: {
    200: jsonAnswer('Ready', readiness, { status: 'ready', checks: { probe: 'ok' } }),
    503: jsonAnswer('Not ready; the checks say why', readiness, {
      status: 'not ready',
      checks: { warehouse: 'starting' },
    }),
  },
}
const metricsSchema = {
  tags: ['operation'],
  summary: 'Metrics for Prometheus',
  security: [{ adminToken: [] }],
  response: {
    200: { description: 'Prometheus text format', content: { 'text/plain': { schema: { type: 'string' } } } },
    ...problemAnswers({ 401: 'The admin token is missing or wrong' }),
  },
}
