/**
 * Where a Kafka event log is:
 * `kafka://[user:password@]host:9092[,host2:9092…][/topicPrefix][?tls=1&ca=/path&sasl=plain|scram-sha-256|scram-sha-512]`
 */

export type SaslMechanism = 'plain' | 'scram-sha-256' | 'scram-sha-512'

export interface KafkaAddress {
  /** `host:port`, at least one. */
  readonly brokers: readonly string[]
  /** Topics are named `<prefix>-events` and so on. */
  readonly topicPrefix: string
  readonly tls: boolean
  /** File with the certificates to trust (PEM); undefined: the ones Node trusts. */
  readonly caFile: string | undefined
  readonly login: { mechanism: SaslMechanism; username: string; password: string } | undefined
}

const mechanisms: readonly SaslMechanism[] = ['plain', 'scram-sha-256', 'scram-sha-512']
const portDefault = 9092
const prefixDefault = 'headcount'

/** The URL is not of the form above. The message never repeats it: it may hold a password. */
export class KafkaUrlError extends Error {
  override readonly name = 'KafkaUrlError'
}

/** @throws KafkaUrlError saying which part is wrong and what is expected */
export function parseKafkaUrl(url: string): KafkaAddress {
  const parts = /^kafka:\/\/(?:([^@/?#]*)@)?([^@/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/.exec(url)
  if (!parts) throw new KafkaUrlError('a Kafka URL looks like kafka://host:9092,host2:9092/prefix?tls=1')
  const [, userInfo, hosts = '', prefix = '', query = ''] = parts
  const settings = parseQuery(query)
  const tls = settings.get('tls') === '1' || settings.has('ca')
  const login = parseLogin(userInfo, settings.get('sasl'))
  if (login?.mechanism === 'plain' && !tls && !hosts.split(',').every(isLoopback))
    throw new KafkaUrlError('sasl=plain would send the password in the clear: add tls=1, or use sasl=scram-sha-512')
  return {
    brokers: hosts.split(',').map(parseHost),
    topicPrefix: parsePrefix(prefix),
    tls,
    caFile: settings.get('ca'),
    login,
  }
}

function parseHost(host: string): string {
  const parts = /^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?$/.exec(host)
  const port = Number(parts?.[2] ?? portDefault)
  if (!parts || port < 1 || port > 65_535)
    throw new KafkaUrlError('each broker is host:port with a port of 1 to 65535, several are separated by commas')
  if (parts[1]?.startsWith('['))
    throw new KafkaUrlError('an IPv6 address cannot be used as a broker: give its host name instead')
  return `${parts[1]}:${port}`
}

function isLoopback(host: string): boolean {
  return /^(127\.\d+\.\d+\.\d+|localhost)(:\d+)?$/.test(host)
}

function parsePrefix(prefix: string): string {
  if (prefix === '') return prefixDefault
  if (!/^[A-Za-z0-9._-]{1,200}$/.test(prefix))
    throw new KafkaUrlError('a topic prefix has at most 200 letters, digits, dots, hyphens and underscores')
  return prefix
}

function parseQuery(query: string): Map<string, string> {
  const settings = new Map(new URLSearchParams(query))
  for (const [name, value] of settings) {
    if (name === 'tls' && value !== '0' && value !== '1') throw new KafkaUrlError('tls is 1 or 0')
    if (name === 'sasl' && !(mechanisms as readonly string[]).includes(value))
      throw new KafkaUrlError(`sasl is one of ${mechanisms.join(', ')}`)
    if (!['tls', 'ca', 'sasl'].includes(name))
      throw new KafkaUrlError('a Kafka URL has no other settings than tls, ca and sasl')
  }
  if (settings.get('tls') === '0' && settings.has('ca'))
    throw new KafkaUrlError('ca names the certificates for TLS, which tls=0 turns off')
  return settings
}

function parseLogin(userInfo: string | undefined, sasl: string | undefined): KafkaAddress['login'] {
  if (userInfo === undefined) {
    if (sasl !== undefined) throw new KafkaUrlError('sasl needs a user and a password: kafka://user:password@host:9092')
    return undefined
  }
  const colon = userInfo.indexOf(':')
  if (colon < 1) throw new KafkaUrlError('user and password are separated by a colon, both percent-encoded')
  return {
    mechanism: (sasl ?? 'plain') as SaslMechanism,
    username: decode(userInfo.slice(0, colon)),
    password: decode(userInfo.slice(colon + 1)),
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new KafkaUrlError('user or password has a % that is not part of a percent-encoded character')
  }
}
