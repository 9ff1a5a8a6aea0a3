/** The collector: an HTTP server that takes events and answers once they are durable in the event log. */
import { type FastifyInstance, fastify } from 'fastify'
import type { Catalogue } from '../../shared/catalogue.ts'
import type { ChoiceBook } from '../../shared/choices/choice-book.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Config } from '../../shared/config.ts'
import { anyKeyCheck, keyCheck } from '../../shared/http/authorization.ts'
import { fromFramework, sendProblem } from '../../shared/http/problem-answer.ts'
import { answerUnknownRoutes, closeServer } from '../../shared/http/server-parts.ts'
import type { Logger } from '../../shared/logger.ts'
import type { Metrics } from '../../shared/metrics.ts'
import { type Policy, readPolicy } from '../../shared/policy/policy.ts'
import { addPrivacyPage } from '../privacy-page/routes.ts'
import { CrossOrigin } from './cross-origin.ts'
import type { EventSink } from './event-sink.ts'
import { keepHeapRoom } from './heap-room.ts'
import { Ingest } from './ingest.ts'
import { addOperations, type Readiness } from './operations.ts'
import { addPolicy, agreementCheck } from './policy.ts'
import { addChoiceDoor } from './privacy/choice-door.ts'
import type { EnterServed } from './privacy/choosing.ts'
import { createKeptIdentifier } from './privacy/kept-identifier.ts'
import { WhatIsHeld } from './privacy/what-is-held.ts'
import type { Dialect } from './protocols/dialect.ts'
import type { DialectOptions } from './protocols/dialect-options.ts'
import { everyDialect } from './protocols/every-dialect.ts'
import { addSegmentSettings } from './protocols/segment-browser-settings.ts'
import { answerCounter, onParserError, serverLimits } from './server-limits.ts'
import { shuttingDown } from './shutting-down.ts'
import { createTlsListener } from './tls-listener.ts'
import { addTracker } from './tracker/tracker-route.ts'
import { Undeclared } from './undeclared.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    isDialect?: true
  }
}

export interface CollectorDependencies {
  config: Config
  catalogue: Catalogue
  sink: EventSink
  credentials: { writeKey: string; adminToken: string }
  /** Who has chosen what. Without: nobody has chosen anything, and nobody can. */
  choices?: ChoiceBook
  /** Without: made anew. */
  held?: WhatIsHeld
  /** Without: this process has no ledger. */
  served?: EnterServed
  /** Without: as the settings have it. */
  policy?: Policy
  clock: Clock
  logger: Logger
  metrics: Metrics
  readiness: () => Readiness
  /** Adds routes that are not about taking events, before the server starts. */
  extend?: (app: FastifyInstance) => Promise<void>
}

export interface Collector {
  /** Starts to listen on the configured address. Returns its URL, without a slash at the end. */
  listen(): Promise<string>
  /** Of the door with TLS, once it listens; undefined when no certificate is configured. */
  readonly tlsUrl: string | undefined
  /** Stops accepting, waits for running requests (at most 10 s, then cuts them off). Idempotent. */
  drain(): Promise<void>
  readonly app: FastifyInstance
}

export async function createCollector(deps: CollectorDependencies): Promise<Collector> {
  const { config, catalogue, sink, credentials, logger, metrics } = deps
  const policy = deps.policy ?? readPolicy(config)
  const keptId = createKeptIdentifier({ choiceKey: config.choiceKey, adminToken: credentials.adminToken })
  const undeclared = new Undeclared(deps.clock)
  let drained: Promise<void> | undefined
  const isDraining = () => drained !== undefined
  const ingest = new Ingest({ ...deps, policy, keptId, undeclared, isDraining })

  const pages = new CrossOrigin(config.pageOrigins)
  const app = createServer(config, logger, metrics, pages, isDraining)
  addPolicy(app, policy)
  const isWriteKey = keyCheck(credentials.writeKey)
  const shared: DialectOptions = {
    catalogue,
    isSenderKey: anyKeyCheck([credentials.writeKey, ...config.senderKeys]),
    limits: config,
    eventsMax: config.eventsMax,
    hasAgreed: agreementCheck(policy),
  }
  for (const dialect of everyDialect(shared)) addDialect(app, ingest, pages, dialect)
  addSegmentSettings(app, { config, isSenderKey: shared.isSenderKey, pages })
  addTracker(app)
  addOperations(app, {
    catalogue,
    metrics,
    undeclared,
    isAdminToken: keyCheck(credentials.adminToken),
    readiness: () => {
      const given = deps.readiness()
      const checks: Record<string, string> = { ...given.checks, sink: sink.readiness() }
      const ready = given.ready && checks.sink === 'ok'
      return drained ? { ready: false, checks: { ...checks, collector: 'shutting down' } } : { ready, checks }
    },
  })
  if (deps.choices) {
    const { choices, held = new WhatIsHeld({ choices, history: () => sink.history() }) } = deps
    await addChoiceDoor(app, { ...deps, policy, choices, held, isWriteKey })
  }
  addPrivacyPage(app, { config, catalogue, policy, choices: deps.choices })
  await deps.extend?.(app)
  await app.ready()
  const tls = createTlsListener({ app, config, clock: deps.clock, logger, metrics })
  let tlsUrl: string | undefined
  let endHeapRoom = () => {}
  return {
    app,
    get tlsUrl() {
      return tlsUrl
    },
    async listen() {
      endHeapRoom = keepHeapRoom()
      tlsUrl = await tls?.listen()
      return app.listen({ host: config.host, port: config.collectorPort })
    },
    drain: () => {
      endHeapRoom()
      drained ??= closeServer(app, tls?.server)
      return drained
    },
  }
}

function createServer(
  config: Config,
  logger: Logger,
  metrics: Metrics,
  pages: CrossOrigin,
  isDraining: () => boolean,
): FastifyInstance {
  const count = answerCounter(metrics)
  const { requestTimeout, keepAliveTimeout, ...http } = serverLimits(config)
  const app = fastify({
    // Fastify's request lines would hold addresses and URLs.
    logger: false,
    return503OnClosing: false,
    requestTimeout,
    keepAliveTimeout,
    http: { requestTimeout, ...http },
    clientErrorHandler: onParserError(count),
    frameworkErrors: (error, _request, reply) => {
      const known = fromFramework(error, logger)
      sendProblem(reply, known.problem, known.headers)
    },
  })
  app.server.maxConnections = config.connectionsMax
  // Fastify never reads a body: see addDialect. Where none is expected it is passed over.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))
  app.addHook('onRequest', pages.hook)
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-content-type-options', 'nosniff')
    // A dialect says it in its own words.
    if (!isDraining() || request.method !== 'POST' || request.routeOptions.config.isDialect) return done()
    const { problem, headers } = shuttingDown()
    sendProblem(reply, problem, headers)
  })
  app.addHook('onResponse', (_request, reply, done) => {
    count(reply.statusCode)
    done()
  })
  app.setErrorHandler((error, _request, reply) => {
    const known = fromFramework(error, logger)
    sendProblem(reply, known.problem, known.headers)
  })
  answerUnknownRoutes(app, 'Send events with POST /v1/events; GET /v1/catalogue says what is collected.')
  return app
}

/**
 * Requests are answered in the first hook, before Fastify looks at Content-Type: senders label bodies in every way, and
 * it refuses those that it cannot parse. The handler behind it is never reached.
 */
function addDialect(app: FastifyInstance, ingest: Ingest, pages: CrossOrigin, dialect: Dialect): void {
  // The native answer counts what was taken, so it would tell a page whether the browser has opted out.
  pages.open(dialect.routes, dialect.name !== 'native')
  for (const { method, path } of dialect.routes) {
    app.route({
      method,
      url: path,
      config: { isDialect: true },
      onRequest: (request, reply) => {
        void ingest.answer(dialect, request, reply)
      },
      handler: () => undefined,
    })
  }
}
