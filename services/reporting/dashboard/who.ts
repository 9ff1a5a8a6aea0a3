/** Who asks reporting: by a token in the header, by a session's cookie, or by the key of a shared view. */
import type { FastifyRequest } from 'fastify'
import { bearerToken, keyCheck, unauthorized } from '../../../shared/http/authorization.ts'
import { ProblemError, problem } from '../../../shared/http/problem.ts'
import type { Role, Session, Sessions } from './sessions.ts'
import type { SharedView, SharedViews } from './shared-views.ts'

export type Viewer =
  | { readonly role: Role; readonly session?: Session }
  /** May ask for the one view, and nothing else. */
  | { readonly role: 'guest'; readonly view: SharedView }

export interface WhoOptions {
  readonly credentials: { readonly adminToken: string; readonly analystToken: string }
  readonly sessions: Sessions
  readonly views: SharedViews
}

/** With it the page asks in the name of a shared view; the key stands behind `#` in its address. */
export const viewHeader = 'headcount-view'

export class Who {
  readonly #options: WhoOptions
  readonly #isAdminToken: (token: string) => boolean
  readonly #isAnalystToken: (token: string) => boolean

  constructor(options: WhoOptions) {
    this.#options = options
    this.#isAdminToken = keyCheck(options.credentials.adminToken)
    this.#isAnalystToken = keyCheck(options.credentials.analystToken)
  }

  roleOfToken(token: string): Role | undefined {
    if (this.#isAdminToken(token)) return 'admin'
    return this.#isAnalystToken(token) ? 'analyst' : undefined
  }

  /** Undefined: nobody that is known. A token that is wrong is not made good by a cookie. */
  async asks({ headers }: Pick<FastifyRequest, 'headers'>): Promise<Viewer | undefined> {
    const key = headers[viewHeader]
    if (typeof key === 'string') {
      const view = await this.#options.views.of(key)
      return view && { role: 'guest', view }
    }
    if (headers.authorization !== undefined) {
      const token = bearerToken(headers.authorization)
      const role = token === undefined ? undefined : this.roleOfToken(token)
      return role && { role }
    }
    const session = await this.#options.sessions.of(headers.cookie)
    return session && { role: session.role, session }
  }

  /** @throws ProblemError 401 */
  async viewer(request: FastifyRequest): Promise<Viewer> {
    const viewer = await this.asks(request)
    if (!viewer)
      throw unauthorized('Bearer', 'Send the header `Authorization: Bearer <analyst token>`, or sign in at /.')
    return viewer
  }

  /**
   * An analyst or the admin; a write that a session's cookie asks for must come from the page itself.
   * @throws ProblemError 401, 403
   */
  async analyst(request: FastifyRequest): Promise<Role> {
    const viewer = await this.viewer(request)
    if (viewer.role === 'guest') throw forbidden('A shared view shows what it shows, and nothing else.')
    if (viewer.session && request.method !== 'GET') checkOrigin(request)
    return viewer.role
  }
}

/** `SameSite=Strict` keeps the cookie from other sites; this keeps it from other origins of the same site. */
export function checkOrigin({ headers, host }: Pick<FastifyRequest, 'headers' | 'host'>): void {
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') throw notFromHere()
  const { origin } = headers
  if (origin !== undefined && origin.replace(/^https?:\/\//, '') !== host) throw notFromHere()
}

export function forbidden(detail: string): ProblemError {
  return new ProblemError(problem(403, 'forbidden', 'This is not for you to do', detail))
}

function notFromHere(): ProblemError {
  return forbidden('This request comes from another page than the dashboard. Do it there.')
}
