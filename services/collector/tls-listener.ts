/**
 * The collector's door with TLS, beside the plain one: the same routes, limits and answers. Senders that cannot be told
 * another address than Segment's come here (infra/senders/dcos.md).
 */
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../shared/clock.ts'
import type { Config } from '../../shared/config.ts'
import {
  type Certificate,
  dateOf,
  hasCertificate,
  readCertificate,
  tlsVersionMin,
} from '../../shared/http/certificate.ts'
import type { Logger } from '../../shared/logger.ts'
import type { Metrics } from '../../shared/metrics.ts'
import { answerCounter, onParserError, serverLimits } from './server-limits.ts'

/** Files are looked at, not watched: where a whole folder is exchanged (a mounted secret) a watch on a file sees nothing. */
const lookEveryMs = 2000

export interface TlsListenerDependencies {
  /** Whose routes are answered; ready. */
  readonly app: FastifyInstance
  readonly config: Config
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: Metrics
}

export interface TlsListener {
  readonly server: Server
  /** Starts to listen. Returns its URL, without a slash at the end. */
  listen(): Promise<string>
}

/** Undefined when the settings name no certificate. @throws ConfigError when what they name cannot be used */
export function createTlsListener(deps: TlsListenerDependencies): TlsListener | undefined {
  const { app, config, clock, metrics } = deps
  if (!hasCertificate(config)) return undefined
  const first = readCertificate(config, clock.now())
  const limits = serverLimits(config)
  const server = createServer({ ...contextOf(first), ...limits, handshakeTimeout: limits.requestTimeout })
  server.maxConnections = config.connectionsMax
  server.on('request', (request, reply) => app.routing(request, reply))
  server.on('clientError', onParserError(answerCounter(metrics)))
  metrics.certificateEnd.set(first.validTo / 1000)
  keepCurrent(server, first, deps)
  return {
    server,
    listen: () =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen({ host: config.host, port: config.collectorTlsPort }, () => {
          server.off('error', reject)
          resolve(urlOf(server.address() as AddressInfo))
        })
      }),
  }
}

/** Exchanges the certificate when the files have another one that can be used. Connections that are open keep theirs. */
function keepCurrent(
  server: Server,
  first: Certificate,
  { config, clock, logger, metrics }: TlsListenerDependencies,
): void {
  let current = first
  let failures = 0
  const look = setInterval(() => {
    try {
      const found = readCertificate(config, clock.now())
      failures = 0
      if (found.cert === current.cert && found.key === current.key) return
      server.setSecureContext(contextOf(found))
      metrics.certificateEnd.set(found.validTo / 1000)
      current = found
      logger.info({ names: found.names, end: dateOf(found.validTo) }, 'the certificate was exchanged')
    } catch (error) {
      // Between the writing of one file and of the other they do not fit; only what stays so is worth a line, and one.
      if (++failures === 2) logger.warn({ err: error }, 'the certificate in use stays')
    }
  }, lookEveryMs)
  look.unref()
  server.on('close', () => clearInterval(look))
}

function contextOf({ cert, key }: Certificate) {
  return { cert, key, minVersion: tlsVersionMin } as const
}

function urlOf({ address, family, port }: AddressInfo): string {
  return `https://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}
