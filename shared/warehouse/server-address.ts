/** Where the ClickHouse server is and who we are there, from one URL. */
import { ConfigError } from '../config.ts'

export interface ServerAddress {
  /** Without user, password and path: it may be shown. */
  readonly origin: string
  readonly database: string
  readonly user: string
  readonly password: string
  /** PEM file of the authority that signed the server's certificate, if it is not a public one. */
  readonly caFile: string | undefined
  /**
   * Compresses what is inserted. It makes a third of the bytes for five times the sender's time (6 MB of cells: 59 ms
   * for gzip, 13 ms for sending), so it is for a server at the end of a slow line only.
   */
  readonly gzip: boolean
  /** The table is a replicated one: inserts wait for a quorum, and a SELECT sees every one that was acknowledged. */
  readonly replicated: boolean
  /** The setting it came from, for messages. */
  readonly variable: string
}

const form = 'http(s)://user:password@host:8123/database, and may end in ?ca=file&gzip=1&replicated=1'
const flags = new Set(['gzip', 'replicated'])

/**
 * @param variable the setting that holds the URL, such as HEADCOUNT_WAREHOUSE_URL
 * @param databaseElse when the URL names none
 * @throws ConfigError that never shows the URL's password
 */
export function parseServerAddress(text: string, variable: string, databaseElse = 'headcount'): ServerAddress {
  const wrong = (what: string) => new ConfigError(`${variable} ${what}; it must be like ${form}`)
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url) throw wrong('is not a URL (a special character of the password must be percent-encoded)')
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw wrong(`begins with ${url.protocol}`)
  if (url.hash) throw wrong('has a # (in a password it must be %23)')
  for (const [name, value] of url.searchParams)
    if (name !== 'ca' && !(flags.has(name) && /^[01]$/.test(value))) throw wrong('has an unknown parameter')
  const flag = (name: string) => url.searchParams.get(name) === '1'
  const database = url.pathname.slice(1) || databaseElse
  if (!/^[A-Za-z_]\w{0,63}$/.test(database))
    throw wrong('must end in the name of a database (letters, digits, underscores)')
  const [user, password] = [url.username, url.password].map((part) => decoded(part, wrong))
  const [gzip, replicated] = [flag('gzip'), flag('replicated')]
  const caFile = url.searchParams.get('ca') ?? undefined
  const { origin } = url
  return { origin, database, user: user || 'default', password: password ?? '', caFile, gzip, replicated, variable }
}

function decoded(part: string, wrong: (what: string) => ConfigError): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw wrong('has a % in the user or password that is not percent-encoded')
  }
}
