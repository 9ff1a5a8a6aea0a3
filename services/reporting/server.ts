/** Reporting: an HTTP server that answers from the aggregate tables, and can read nothing else. */
import { type FastifyInstance, fastify } from 'fastify'
import type { Catalogue } from '../../shared/catalogue.ts'
import type { ChoiceBook } from '../../shared/choices/choice-book.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Config } from '../../shared/config.ts'
import { bearerToken, keyCheck, unauthorized } from '../../shared/http/authorization.ts'
import { answerParserError, sendProblem } from '../../shared/http/problem-answer.ts'
import { answerUnknownRoutes, closeServer } from '../../shared/http/server-parts.ts'
import type { KeyValue } from '../../shared/keyvalue/port.ts'
import type { Ledger } from '../../shared/ledger/port.ts'
import type { Logger } from '../../shared/logger.ts'
import type { Metrics } from '../../shared/metrics.ts'
import { type Policy, readPolicy } from '../../shared/policy/policy.ts'
import type { WarehouseReader } from '../../shared/warehouse/port.ts'
import type { ReleaseAnswer } from '../operator/release-requests.ts'
import { contactOf } from '../privacy-page/privacy-facts.ts'
import { addPrivacyPage } from '../privacy-page/routes.ts'
import type { ReleaseReader } from '../release/release-store.ts'
import { addAnalystApi } from './analyst-api.ts'
import { addDashboardRoutes } from './dashboard/dashboard-routes.ts'
import type { Demo } from './dashboard/demo-port.ts'
import { addDashboardPage } from './dashboard/page-routes.ts'
import { addSessions } from './dashboard/session-routes.ts'
import { Sessions } from './dashboard/sessions.ts'
import { SharedViews } from './dashboard/shared-views.ts'
import { Who } from './dashboard/who.ts'
import { asProblem } from './failure.ts'
import { frontPage, frontPagePolicy } from './front-page.ts'
import { addOpenApi } from './openapi.ts'
import { addOperations } from './operations.ts'
import { FrozenFiles } from './partner-api/frozen-files.ts'
import { addManagePartners } from './partner-api/manage-partners.ts'
import { addManageReleases } from './partner-api/manage-releases.ts'
import { addPartnerApi } from './partner-api/partner-api.ts'
import { addPublicLedger } from './partner-api/public-ledger.ts'
import { addPartnerGuide } from './partner-guide/partner-guide-page.ts'
import { addDisclosures } from './privacy/disclosures.ts'
import { UsageDesk } from './usage-desk.ts'
import { WarmUp } from './warm-up.ts'

/** Routes that take a body have bounds of their own; of the others it is passed over, and a long one is refused. */
const bodyBytesMax = 1024
/** A link to a file stands in the path. */
const pathPartLengthMax = 1024

export interface ReportingDependencies {
  config: Config
  catalogue: Catalogue
  reader: WarehouseReader
  keyValue: KeyValue
  /** What was spent, released and handed out. Partners are answered only while it can be written. */
  ledger: Ledger
  /** Frozen releases. */
  releases: ReleaseReader
  /** Asks for a day's release and says how it is; without it POST /api/v1/releases answers 501. */
  requestRelease?: (day: string) => Promise<ReleaseAnswer>
  credentials: { adminToken: string; analystToken: string }
  /** Without: as the settings have it. */
  policy?: Policy
  /** Who has chosen what, where the collector is in this process; its page of choices is here as well then. */
  choices?: ChoiceBook
  /** What the dashboard can start while the installation is empty. */
  demo?: Demo
  /** Adds routes before the server starts. */
  extend?: (app: FastifyInstance) => Promise<void>
  clock: Clock
  logger: Logger
  metrics: Metrics
  readiness: () => { ready: boolean; checks: Record<string, string> }
}

export interface Reporting {
  /** Starts to listen on the configured address. Returns its URL, without a slash at the end. */
  listen(): Promise<string>
  /** Stops accepting, waits for running requests (at most 10 s, then cuts them off). Idempotent. */
  drain(): Promise<void>
  readonly app: FastifyInstance
}

export async function createReporting(deps: ReportingDependencies): Promise<Reporting> {
  const { config, catalogue, credentials, logger, metrics } = deps
  const k = config.k ?? catalogue.k
  const isAdminToken = keyCheck(credentials.adminToken)
  const sessions = new Sessions({ ...deps, adminToken: credentials.adminToken })
  const views = new SharedViews(deps)
  const who = new Who({ credentials, sessions, views })
  let drained: Promise<void> | undefined

  const app = createServer(config, logger, metrics)
  await addOpenApi(app, catalogue)
  const authorizeAdmin = (authorization: string | undefined) => {
    const token = bearerToken(authorization)
    if (token === undefined || !isAdminToken(token))
      throw unauthorized('Bearer', 'Send the header `Authorization: Bearer <admin token>`.')
  }
  // What partners and analysts read of releases is kept in memory once.
  const files = new FrozenFiles(deps.releases, logger)
  const desk = new UsageDesk({ ...deps, k })
  const warmUp = new WarmUp({ ...deps, desk, k })
  addAnalystApi(app, { ...deps, desk, k, who })
  addSessions(app, { ...deps, sessions, who })
  addDashboardRoutes(app, { ...deps, desk, files, k, who, views })
  addManagePartners(app, { ...deps, authorizeAdmin })
  addManageReleases(app, { ...deps, authorizeAdmin, who })
  addPartnerApi(app, { ...deps, files })
  addPublicLedger(app, deps)
  const policy = deps.policy ?? readPolicy(config)
  addDisclosures(app, { ...deps, contact: contactOf(config.contact, policy) })
  addPrivacyPage(app, { config, catalogue, policy, choices: deps.choices })
  await deps.extend?.(app)
  addPartnerGuide(app, catalogue)
  addOperations(app, {
    metrics,
    authorize: authorizeAdmin,
    readiness: () => {
      const { ready, checks } = deps.readiness()
      return drained ? { ready: false, checks: { ...checks, reporting: 'shutting down' } } : { ready, checks }
    },
  })
  const page = frontPage(catalogue, config, k)
  addDashboardPage(app)
  app.get('/about', { schema: { hide: true } }, (_request, reply) =>
    reply
      .headers({ 'content-type': 'text/html; charset=utf-8', 'content-security-policy': frontPagePolicy })
      .send(page),
  )
  await app.ready()
  return {
    app,
    listen: async () => {
      const url = await app.listen({ host: config.host, port: config.reportingPort })
      warmUp.start()
      return url
    },
    drain: () => {
      drained ??= Promise.all([closeServer(app), warmUp.stop()]).then(() => undefined)
      return drained
    },
  }
}

function createServer(config: Config, logger: Logger, metrics: Metrics): FastifyInstance {
  const count = (status: number): void =>
    metrics.requests.inc({ service: 'reporting', status: `${Math.floor(status / 100)}xx` })
  const app = fastify({
    // Fastify's request lines would hold addresses and URLs.
    logger: false,
    bodyLimit: bodyBytesMax,
    routerOptions: { maxParamLength: pathPartLengthMax },
    requestTimeout: config.requestTimeoutMs,
    http: {
      requestTimeout: config.requestTimeoutMs,
      headersTimeout: config.requestTimeoutMs,
      connectionsCheckingInterval: Math.min(1000, config.requestTimeoutMs),
    },
    clientErrorHandler: (error, socket) => {
      const status = answerParserError(error, socket)
      if (status !== undefined) count(status)
    },
    frameworkErrors: (error, _request, reply) => {
      const known = asProblem(error, logger)
      sendProblem(reply, known.problem, known.headers)
    },
  })
  app.server.maxConnections = config.connectionsMax
  // The schemas describe; what is checked, and with which words, is in usage-request.ts.
  app.setValidatorCompiler(() => () => true)
  app.setSerializerCompiler(() => JSON.stringify)
  app.addHook('onRequest', (_request, reply, done) => {
    reply.headers(securityHeaders)
    done()
  })
  app.addHook('onResponse', (_request, reply, done) => {
    count(reply.statusCode)
    done()
  })
  app.setErrorHandler((error, _request, reply) => {
    const known = asProblem(error, logger)
    sendProblem(reply, known.problem, known.headers)
  })
  answerUnknownRoutes(app, 'GET /openapi.json says what there is; /docs is the same to read.')
  return app
}

/** For every answer; pages that need more say so themselves. */
const securityHeaders = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
}
