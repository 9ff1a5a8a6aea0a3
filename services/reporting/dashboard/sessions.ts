/**
 * Sessions of the dashboard: a cookie that says the role and the end, signed with a key that follows from the admin token,
 * so that every reporting process knows every session and none is stored. Only what was signed out is, until its end.
 */
import { createHmac, randomBytes } from 'node:crypto'
import type { Clock } from '../../../shared/clock.ts'
import { sameSecret } from '../../../shared/credentials.ts'
import type { KeyValue } from '../../../shared/keyvalue/port.ts'
import { sessionMs } from '../../../shared/retention/limits.ts'

export type Role = 'analyst' | 'admin'

export interface Session {
  readonly id: string
  readonly role: Role
  /** From then on it is none; ms since the Unix epoch. */
  readonly until: number
}

const cookieName = 'headcount_session'
const signedOutPrefix = 'session-out/'
const tokenMax = 500

export class Sessions {
  readonly #key: Buffer
  readonly #keyValue: KeyValue
  readonly #clock: Clock

  constructor({ adminToken, keyValue, clock }: { adminToken: string; keyValue: KeyValue; clock: Clock }) {
    this.#key = createHmac('sha256', adminToken).update('headcount dashboard session v1').digest()
    this.#keyValue = keyValue
    this.#clock = clock
  }

  begin(role: Role): Session {
    return { id: randomBytes(16).toString('base64url'), role, until: this.#clock.now() + sessionMs }
  }

  /** The session of a `Cookie` header, if it has one that counts. */
  async of(cookies: string | undefined): Promise<Session | undefined> {
    const session = this.#read(cookieOf(cookies))
    if (!session || session.until <= this.#clock.now()) return undefined
    return (await this.#keyValue.get(signedOutPrefix + session.id)) === undefined ? session : undefined
  }

  /** From its resolving on the session is none, in every process, whoever has kept its cookie. */
  async end({ id, until }: Session): Promise<void> {
    const ttlMs = Math.max(1, until - this.#clock.now())
    await this.#keyValue.put(signedOutPrefix + id, Buffer.from('1'), { ttlMs })
  }

  /** @param secure whether the page is reached over TLS: browsers keep no `Secure` cookie otherwise, loopback aside */
  cookie(session: Session, secure: boolean): string {
    const seconds = Math.floor((session.until - this.#clock.now()) / 1000)
    return setCookie(this.#sign(session), seconds, secure)
  }

  noCookie(secure: boolean): string {
    return setCookie('', 0, secure)
  }

  #sign({ id, role, until }: Session): string {
    const said = `${role}.${until}.${id}`
    return `${said}.${this.#signature(said)}`
  }

  #signature(said: string): string {
    return createHmac('sha256', this.#key).update(said).digest('base64url')
  }

  #read(token: string | undefined): Session | undefined {
    if (token === undefined || token.length > tokenMax) return undefined
    const [role, until, id, signature] = token.split('.')
    if (id === undefined || signature === undefined || (role !== 'analyst' && role !== 'admin')) return undefined
    if (!sameSecret(signature, this.#signature(`${role}.${until}.${id}`))) return undefined
    return { id, role, until: Number(until) }
  }
}

function setCookie(value: string, seconds: number, secure: boolean): string {
  return `${cookieName}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`
}

function cookieOf(header: string | undefined): string | undefined {
  for (const pair of header?.split(';') ?? []) {
    const [name, value] = pair.trim().split('=', 2)
    if (name === cookieName) return value
  }
  return undefined
}
