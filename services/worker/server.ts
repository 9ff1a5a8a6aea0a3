/** What a worker says about itself over HTTP: health, and metrics behind the admin token. */
import { type FastifyInstance, fastify } from 'fastify'
import type { Config } from '../../shared/config.ts'
import { bearerToken, keyCheck, unauthorized } from '../../shared/http/authorization.ts'
import { fromFramework, sendProblem } from '../../shared/http/problem-answer.ts'
import { answerUnknownRoutes, closeServer } from '../../shared/http/server-parts.ts'
import type { Logger } from '../../shared/logger.ts'
import type { Metrics } from '../../shared/metrics.ts'

export interface WorkerServerDeps {
  readonly config: Config
  readonly credentials: { readonly adminToken: string }
  readonly metrics: Metrics
  readonly readiness: () => { ready: boolean; checks: Record<string, string> }
  readonly logger: Logger
}

export interface WorkerServer {
  readonly app: FastifyInstance
  /** Starts to listen on the configured address. Returns its URL, without a slash at the end. */
  listen(): Promise<string>
  drain(): Promise<void>
}

export async function createWorkerServer(deps: WorkerServerDeps): Promise<WorkerServer> {
  const { config, credentials, metrics, readiness, logger } = deps
  const isAdminToken = keyCheck(credentials.adminToken)
  const app = fastify({ logger: false, bodyLimit: 1024, requestTimeout: config.requestTimeoutMs })
  app.server.maxConnections = config.connectionsMax
  app.setErrorHandler((error, _request, reply) => {
    const known = fromFramework(error, logger)
    sendProblem(reply, known.problem, known.headers)
  })
  app.get('/health/live', (_request, reply) => reply.send({ status: 'live' }))
  app.get('/health/ready', (_request, reply) => {
    const { ready, checks } = readiness()
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not ready', checks })
  })
  app.get('/metrics', async (request, reply) => {
    if (!isAdminToken(bearerToken(request.headers.authorization) ?? ''))
      throw unauthorized('Bearer', 'Send the header `Authorization: Bearer <admin token>`.')
    return reply.header('content-type', metrics.registry.contentType).send(await metrics.registry.metrics())
  })
  answerUnknownRoutes(app, 'A worker has /health/live, /health/ready and /metrics.')
  await app.ready()
  return {
    app,
    listen: () => app.listen({ host: config.host, port: config.workerPort }),
    drain: () => closeServer(app),
  }
}
