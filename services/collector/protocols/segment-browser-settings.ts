/**
 * What Segment's library for browsers asks for before it sends anything: `GET /v1/projects/<key>/settings`. It is told to send
 * here, to load nothing, and to report nothing of itself to Segment.
 */
import { isIP } from 'node:net'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Config } from '../../../shared/config.ts'
import type { KeyCheck } from '../../../shared/http/authorization.ts'
import { clientAddress } from '../client-address.ts'
import type { CrossOrigin } from '../cross-origin.ts'
import { wrongSenderKey } from './foreign-body.ts'

const path = '/v1/projects/:key/settings'

interface SettingsOptions {
  readonly config: Pick<Config, 'collectorPublicUrl' | 'trustedProxies'>
  readonly isSenderKey: KeyCheck
  readonly pages: CrossOrigin
}

export function addSegmentSettings(app: FastifyInstance, { config, isSenderKey, pages }: SettingsOptions): void {
  pages.open([{ method: 'GET', path }], false)
  app.get<{ Params: { key: string } }>(path, (request, reply) => {
    const { key } = request.params
    if (!isSenderKey(key)) throw wrongSenderKey('in the path, as /v1/projects/<key>/settings')
    const [protocol, host] = addressOf(request, config)
    return reply.header('cache-control', 'private, max-age=300').send({
      integrations: { 'Segment.io': { apiKey: key, apiHost: `${host}/v1`, protocol, versionSettings: {} } },
      plan: { track: { __default: { enabled: true, integrations: {} } } },
      metrics: { sampleRate: 0 },
      legacyVideoPluginsEnabled: false,
      remotePlugins: [],
      edgeFunction: {},
      analyticsNextEnabled: true,
      enabledMiddleware: {},
      middlewareSettings: {},
    })
  })
}

/** Protocol and host with port by which browsers reach us: as the operator says, else as this one did. */
function addressOf(request: FastifyRequest, config: SettingsOptions['config']): [string, string] {
  if (config.collectorPublicUrl !== '') {
    const { protocol, host, pathname } = new URL(config.collectorPublicUrl)
    return [protocol.replace(':', ''), host + pathname.replace(/\/$/, '')]
  }
  return [isBehindTls(request, config) ? 'https' : request.protocol, request.headers.host ?? 'localhost']
}

function isBehindTls({ raw }: FastifyRequest, { trustedProxies }: SettingsOptions['config']): boolean {
  const address = clientAddress(raw.socket.remoteAddress, undefined, trustedProxies)
  return (
    address !== '' &&
    trustedProxies.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4') &&
    raw.headers['x-forwarded-proto'] === 'https'
  )
}
