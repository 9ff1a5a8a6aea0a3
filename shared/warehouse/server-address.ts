/** Where the ClickHouse server is and who we are there, from one URL. */
import { ConfigError } from '../config.ts'

export interface ServerAddress {
  /** Without user, password and path: it may be shown. */
  readonly origin: string
  readonly database: string
  readonly user: string
  readonly password: string
  /** The setting it came from, for messages. */
  readonly variable: string
}

const form = 'http(s)://user:password@host:8123/database'

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
  if (url.search || url.hash) throw wrong('has something after the database')
  const database = url.pathname.slice(1) || databaseElse
  if (!/^[A-Za-z_]\w{0,63}$/.test(database))
    throw wrong('must end in the name of a database (letters, digits, underscores)')
  const [user, password] = [url.username, url.password].map((part) => decoded(part, wrong))
  return { origin: url.origin, database, user: user || 'default', password: password ?? '', variable }
}

function decoded(part: string, wrong: (what: string) => ConfigError): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw wrong('has a % in the user or password that is not percent-encoded')
  }
}
