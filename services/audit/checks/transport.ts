/** protect: what goes over a network is encrypted, as far as the settings say it. */
import { isIP } from 'node:net'
import { isEmbedded } from '../../engines.ts'
import { type Check, named, type Outcome, pass, warn } from '../check.ts'
import type { Scene } from '../scene.ts'

export const transportCheck: Check<Scene> = {
  id: 'transport',
  promise: 'nothing goes over a network in the clear',
  clauses: ['protect'],
  async look({ config, doors }): Promise<Outcome> {
    const plain: string[] = []
    for (const url of [...doors.collectors, ...doors.workers, ...doors.reporting]) {
      const { protocol, hostname } = new URL(url)
      if (protocol === 'http:' && !isLoopback(hostname)) plain.push(`${url} is asked without TLS`)
    }
    if (!isLoopback(config.host))
      plain.push(`HEADCOUNT_HOST is ${config.host}: a proxy with TLS must stand before the servers`)
    plain.push(...plainEngines(config))
    if (plain.length > 0) return warn(named(plain))
    return pass('servers listen on loopback or are reached with TLS; so are the engines')
  },
}

function plainEngines({ eventLogUrl, keyValueUrl, warehouseUrl }: Scene['config']): string[] {
  const engines = [
    ['Kafka', eventLogUrl, /[?&]tls=1/.test(eventLogUrl)],
    ['Redis', keyValueUrl, keyValueUrl.startsWith('rediss:')],
    ['ClickHouse', warehouseUrl, warehouseUrl.startsWith('https:')],
  ] as const
  return engines
    .filter(([, url, isEncrypted]) => !isEmbedded(url) && !isEncrypted && !hostsOf(url).every(isLoopback))
    .map(([name]) => `${name} is reached without TLS`)
}

function hostsOf(url: string): string[] {
  const authority = /^[a-z]+:\/\/(?:[^/@]*@)?([^/?]*)/.exec(url)?.[1] ?? ''
  return authority.split(',').map((host) => host.replace(/:\d+$/, ''))
}

function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '')
  return bare === 'localhost' || bare === '::1' || (isIP(bare) === 4 && bare.startsWith('127.'))
}
