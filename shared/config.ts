/**
 * Settings, read once at start-up from the environment (12-factor). Every one has a working default; a wrong value
 * stops the start with the variable's name, what is wrong and what would be right. `headcount doctor --settings`
 * prints this table, so its descriptions are the documentation.
 */
import { BlockList, isIP } from 'node:net'
import path from 'node:path'
import { saidBack } from './confidential/said-back.ts'
import { type PageOrigins, parsePageOrigins } from './page-origins.ts'
import { isPolicyVersion } from './policy/policy-version.ts'
import { isPrintableLine } from './printable-line.ts'

interface Setting<T> {
  default: string
  describe: string
  parse(text: string, name: string): T
}

const setting = <T>(fallback: string, describe: string, parse: (text: string, name: string) => T): Setting<T> => ({
  default: fallback,
  describe,
  parse,
})

export const settings = {
  host: setting('127.0.0.1', 'address the servers listen on', text),
  collectorPort: setting('8080', 'port of the collector; 0 picks a free one', integer(0, 65535)),
  reportingPort: setting('8090', 'port of reporting; 0 picks a free one', integer(0, 65535)),
  tlsCert: setting(
    '',
    'certificate of the collector with its chain (PEM file), read again when it changes; empty: no TLS',
    text,
  ),
  tlsKey: setting('', 'its private key (PEM file, no passphrase)', text),
  collectorTlsPort: setting('8443', 'port of the collector with TLS, beside the plain one', integer(0, 65535)),
  dataDir: setting('./data', 'folder for everything that is kept', (value) => path.resolve(value)),
  writeKey: setting('', 'key senders use; made at first start if empty', secret),
  senderKeys: setting(
    '',
    'further keys that events may come with, comma-separated: the one compiled into dcos-signal, a site’s domain (Plausible), an app id (Snowplow)',
    senderKeys,
  ),
  adminToken: setting('', 'token for everything; made at first start if empty', secret),
  analystToken: setting('', 'token for reading aggregates; made at first start if empty', secret),
  choiceKey: setting('', 'secret under which opt-outs and deletions are kept; empty: the admin token is it', secret),
  choicesMax: setting(
    '1000000',
    'most devices, cookies and clusters of which a choice is kept (half a kilobyte of memory each); at it new ones get 503',
    integer(1, 50_000_000),
  ),
  catalogue: setting('', 'catalogue file (YAML); empty: the one for DC/OS', text),
  policy: setting('', 'file with the privacy policy and its version; empty: the one for DC/OS', text),
  policyMinimum: setting(
    '0',
    'oldest policy version that an event may name; 0: any, and none is looked at',
    policyVersion,
  ),
  operator: setting('', 'who runs this installation, as the page /privacy says it', shortText),
  contact: setting(
    '',
    'where questions about privacy go: email, web address or words; empty: the policy says',
    shortText,
  ),
  collectorPublicUrl: setting(
    '',
    'address by which browsers reach the collector, for the choice on /privacy of a reporting of its own',
    publicUrl,
  ),
  k: setting(
    '',
    'devices a cell must have to be shown to analysts; empty: the catalogue says',
    optionalInteger(1, 1_000_000),
  ),
  trustedProxies: setting('', 'addresses or CIDRs whose X-Forwarded-For is believed, comma-separated', addressList),
  geoipMmdb: setting('', 'MaxMind DB file (.mmdb) with countries; empty: countries are not looked up', text),
  workerPort: setting('8070', 'port of a worker that runs alone; 0 picks a free one', integer(0, 65535)),
  eventLogUrl: setting(
    'embedded:',
    'event log: embedded: or kafka://[user:password@]host:9092[,host:9092…][/prefix][?tls=1&ca=file&sasl=plain]',
    engineUrl('kafka:'),
  ),
  keyValueUrl: setting(
    'embedded:',
    'key-value store: embedded: or redis://[user:password@]host:6379[/db]; rediss: for TLS',
    engineUrl('redis:', 'rediss:'),
  ),
  warehouseUrl: setting(
    'embedded:',
    'warehouse: embedded: or http(s)://user:password@host:8123/database[?ca=file&gzip=1] of a ClickHouse server',
    engineUrl('http:', 'https:'),
  ),
  warehouseReaderUrl: setting(
    '',
    'the same server with a user that may only read, for reporting; empty: the user of the warehouse, with readonly=1',
    (value, name) => (value === '' ? '' : engineUrl('http:', 'https:')(value, name)),
  ),
  partitions: setting(
    '1',
    'partitions of a new event log; an embedded one gains nothing from more, of Kafka make several per worker',
    integer(1, 4096),
  ),
  replication: setting(
    '',
    'copies of each record in Kafka; empty: 3, or as many as there are brokers if fewer',
    optionalInteger(1, 15),
  ),
  sessionTimeoutMs: setting(
    '30000',
    'after this long without a sign of life a worker of a Kafka event log loses its partitions',
    integer(6000, 300_000),
  ),
  spoolBytesMax: setting(
    '1073741824',
    'most bytes a collector keeps on its own disk while the event log is away; 0: none',
    integer(0, 2 ** 40),
  ),
  publicUrl: setting(
    '',
    'address by which partners reach reporting, for links and profile files; empty: as the request or this process has it',
    publicUrl,
  ),
  partnerRequestsPerMinute: setting('120', 'most requests of one partner in a minute', integer(1, 100_000)),
  pageOrigins: setting(
    '*',
    'origins of the pages that may send events, comma-separated; *: any, none: only pages at the collector’s own address',
    pageOrigins,
  ),
  cookie: setting('on', 'first-party cookie for browsers that send no identifier: on or off', onOff),
  cookieDays: setting('180', 'life of that cookie, in days', integer(1, 395)),
  bodyBytesMax: setting('1048576', 'largest request body, as sent', integer(1024, 64 * 1024 * 1024)),
  inflatedBytesMax: setting('8388608', 'largest request body, decompressed', integer(1024, 256 * 1024 * 1024)),
  eventsMax: setting('2500', 'most events in one request', integer(1, 100_000)),
  connectionsMax: setting('2000', 'most open connections of each server', integer(10, 100_000)),
  pendingBytesMax: setting(
    '67108864',
    'most bytes waiting to become durable before the collector answers 503',
    integer(65_536, 2 ** 31),
  ),
  requestTimeoutMs: setting('15000', 'longest time a request may take to arrive', integer(100, 600_000)),
  lingerMs: setting('200', 'how long the worker waits for a batch to grow', integer(0, 60_000)),
  logLevel: setting(
    'info',
    'fatal, error, warn, info, debug or trace',
    oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
  ),
}

export type Config = { readonly [K in keyof typeof settings]: ReturnType<(typeof settings)[K]['parse']> }

/** A setting has a value nothing can be done with; the message names the variable and the mend. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

/** `bodyBytesMax` → `HEADCOUNT_BODY_BYTES_MAX`. */
export function variableName(key: string): string {
  return `HEADCOUNT_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`
}

/** Turns our own sender off on a machine, whatever programs run there; a server beside them has no use for it. */
const senderSwitch = 'HEADCOUNT_TELEMETRY'

/**
 * Reads every setting from `env`. Unknown `HEADCOUNT_…` variables are an error too: they are nearly always a slip of
 * the pen, and a setting that silently does nothing is worse than a start that fails.
 * @throws ConfigError
 */
export function readConfig(env: Record<string, string | undefined>): Config {
  const known = new Map(Object.keys(settings).map((key) => [variableName(key), key]))
  for (const name of Object.keys(env)) {
    if (name.startsWith('HEADCOUNT_') && !known.has(name) && name !== senderSwitch) {
      throw new ConfigError(`${name} is not a setting. The settings are: ${[...known.keys()].join(', ')}`)
    }
  }
  const entries = Object.entries(settings).map(([key, one]) => {
    const name = variableName(key)
    const given = env[name]
    return [key, one.parse(given === undefined || given === '' ? one.default : given, name)]
  })
  return Object.fromEntries(entries) as Config
}

function text(value: string): string {
  return value
}

function secret(value: string, name: string): string {
  if (value !== '' && (value.length < 16 || /[^\x21-\x7e]/.test(value))) {
    throw new ConfigError(
      `${name} must be at least 16 printable characters without spaces; \`openssl rand -hex 16\` makes one`,
    )
  }
  return value
}

/** No secrets: they are in pages and programs that anybody can read, and open nothing but the door for events. */
function senderKeys(value: string, name: string): readonly string[] {
  const keys = value
    .split(',')
    .map((key) => key.trim())
    .filter(Boolean)
  if (keys.length <= 100 && keys.every((key) => /^[\x21-\x7e]{3,256}$/.test(key))) return keys
  throw new ConfigError(`${name} must be at most 100 keys of 3 to 256 printable characters, with commas between them`)
}

function pageOrigins(value: string, name: string): PageOrigins {
  const origins = parsePageOrigins(value)
  if (origins !== undefined) return origins
  throw new ConfigError(
    `${name} must be *, none, or at most 100 origins like https://ui.example.org (no path, no slash at the end), with commas between them`,
  )
}

function shortText(value: string, name: string): string {
  if (value.length <= 200 && isPrintableLine(value)) return value
  throw new ConfigError(`${name} must be at most 200 characters that can be printed, on one line`)
}

function policyVersion(value: string, name: string): string {
  if (isPolicyVersion(value)) return value
  throw new ConfigError(`${name} is ${saidBack(value)}; it must be a version like 2, 2.1 or 2026-11-25`)
}

function integer(min: number, max: number) {
  return (value: string, name: string): number => {
    const number = Number(value)
    if (!Number.isInteger(number) || number < min || number > max) {
      throw new ConfigError(`${name} is ${saidBack(value)}; it must be a whole number from ${min} to ${max}`)
    }
    return number
  }
}

function optionalInteger(min: number, max: number) {
  const parse = integer(min, max)
  return (value: string, name: string): number | undefined => (value === '' ? undefined : parse(value, name))
}

function oneOf<const T extends string>(...values: T[]) {
  return (value: string, name: string): T => {
    if (!values.includes(value as T))
      throw new ConfigError(`${name} is ${saidBack(value)}; it must be one of ${values.join(', ')}`)
    return value as T
  }
}

function onOff(value: string, name: string): boolean {
  return oneOf('on', 'off')(value, name) === 'on'
}

/** Addresses and networks as a list that can be asked `check(address, family)`. */
function addressList(value: string, name: string): BlockList {
  const list = new BlockList()
  for (const entry of value
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean)) {
    const [address = '', prefix] = entry.split('/')
    const version = isIP(address)
    const bits = prefix === undefined ? undefined : Number(prefix)
    const widest = version === 4 ? 32 : 128
    if (version === 0 || (bits !== undefined && !(Number.isInteger(bits) && bits >= 0 && bits <= widest))) {
      throw new ConfigError(`${name} has "${entry}"; each entry must be an IP address or a CIDR such as 10.0.0.0/8`)
    }
    const family = version === 4 ? 'ipv4' : 'ipv6'
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, bits, family)
  }
  return list
}

/** A URL of an engine, kept as text: its adapter reads it. What a person sees of it never has the password in it. */
function engineUrl(...protocols: string[]) {
  return (value: string, name: string): string => {
    if (value === 'embedded:') return value
    const protocol = /^[a-z]+:(?=\/\/.)/.exec(value)?.[0]
    if (protocol !== undefined && protocols.includes(protocol)) return value
    const wanted = ['embedded:', ...protocols.map((one) => `${one}//…`)].join(' or ')
    throw new ConfigError(`${name} is "${withoutCredentials(value)}"; it must be ${wanted}`)
  }
}

/** Without a slash at the end. */
function publicUrl(value: string, name: string): string {
  if (value === '') return value
  const url = URL.canParse(value) ? new URL(value) : undefined
  const isPlain = url && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '' && url.username === ''
  if (!isPlain)
    throw new ConfigError(`${name} is "${withoutCredentials(value)}"; it must be like https://reports.example`)
  return url.href.replace(/\/+$/, '')
}

/** A URL as it may be shown: user and password cut out. */
export function withoutCredentials(url: string): string {
  return url.replace(/\/\/[^/]*@/, '//…@')
}
