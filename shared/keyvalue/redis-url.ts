/** Where a Redis is and how it is spoken to, from one URL. */
import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'

const form = 'redis://[user:password@]host[:6379][/db], or rediss:// for TLS with [?ca=/path/to/ca.pem]'

export interface RedisAddress {
  readonly connection: {
    readonly host: string
    readonly port: number
    /** Number of the database. */
    readonly db: number
    readonly username?: string
    readonly password?: string
    readonly tls?: ConnectionOptions
  }
  /** For messages: without user and password. */
  readonly shown: string
}

/**
 * Reads `redis://…` or `rediss://…`. User and password are percent-encoded in it; `ca` names a file with the
 * certificates (PEM) that the server's must descend from, in place of the system's.
 * @throws Error that says what is wrong, without any part that may hold a password
 */
export function parseRedisUrl(text: string): RedisAddress {
  const url = readUrl(text)
  if (url.protocol !== 'redis:' && url.protocol !== 'rediss:') throw wrong(`its protocol is ${url.protocol}`)
  if (url.hostname === '') throw wrong('it names no host')
  const db = /^\/?$/.test(url.pathname) ? 0 : Number(/^\/(\d{1,4})$/.exec(url.pathname)?.[1] ?? Number.NaN)
  if (Number.isNaN(db)) throw wrong('what follows the host must be the number of a database')
  const unknown = [...url.searchParams.keys()].find((name) => name !== 'ca')
  if (unknown !== undefined) throw wrong(`it has a parameter "${unknown}"`)
  const ca = url.searchParams.get('ca')
  const secure = url.protocol === 'rediss:'
  if (ca && !secure) throw wrong('a ca is for rediss:// only')
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const port = url.port === '' ? 6379 : Number(url.port)
  return {
    shown: `${url.protocol}//${url.hostname}:${port}/${db}`,
    connection: {
      host,
      port,
      db,
      ...(url.username === '' ? {} : { username: decoded(url.username) }),
      ...(url.password === '' ? {} : { password: decoded(url.password) }),
      ...(secure ? { tls: ca ? { ca: readCertificates(ca) } : {} } : {}),
    },
  }
}

function readUrl(text: string): URL {
  try {
    return new URL(text)
  } catch {
    // An error of the parser's would show the whole of it.
    throw wrong('it cannot be read; /, ?, #, @ and % in a password are written %2F, %3F, %23, %40 and %25')
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw wrong('its user or password has a % that is not part of an encoded character; write it %25')
  }
}

function readCertificates(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    throw wrong(`its ca "${file}" cannot be read (${(error as NodeJS.ErrnoException).code})`)
  }
}

function wrong(what: string): Error {
  return new Error(`the URL of Redis must be ${form}: ${what}`)
}
