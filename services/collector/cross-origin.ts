/**
 * Pages of other origins may send events: what a browser asks before it lets them (CORS), and what it must be told before
 * it shows them an answer. Only routes of dialects are opened, and no answer of theirs holds anything about a person.
 */
import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify'
import { problem } from '../../shared/http/problem.ts'
import { sendProblem } from '../../shared/http/problem-answer.ts'
import type { PageOrigins } from '../../shared/page-origins.ts'
import { type DialectRoute, pathOf } from './protocols/dialect.ts'

/** Browsers keep what they were told no longer than two hours to a day. */
const preflightSeconds = 86_400
/** What a browser asks for is echoed: a header grants nothing here, and clients bring ones of their own. */
const headerNames = /^[a-z0-9, -]{1,1024}$/i
/** Of answers: when to try again, and which policy holds. */
const readable = 'Retry-After, Headcount-Policy'

interface Opened {
  readonly path: RegExp
  readonly methods: Set<string>
  readonly withCookies: boolean
}

export class CrossOrigin {
  readonly #origins: PageOrigins
  readonly #opened = new Map<string, Opened>()

  constructor(origins: PageOrigins) {
    this.#origins = origins
  }

  /**
   * @param withCookies pages may send cookies along, so that an opt-out is honoured: for dialects whose answer is the same
   * whatever the cookies say
   */
  open(routes: readonly DialectRoute[], withCookies: boolean): void {
    for (const { method, path } of routes) {
      const known = this.#opened.get(path) ?? { path: patternOf(path), methods: new Set(), withCookies }
      known.methods.add(method)
      this.#opened.set(path, known)
    }
  }

  /** The first hook of every request, so that a refusal can be read as well. */
  readonly hook = (request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction): void => {
    const route = this.#find(pathOf(request.url))
    if (route === undefined || !this.#isAnswered(request, reply, route)) done()
  }

  #isAnswered(request: FastifyRequest, reply: FastifyReply, route: Opened): boolean {
    const { origin } = request.headers
    reply.header('vary', 'Origin')
    if (origin !== undefined) {
      if (!this.#allows(origin, request)) {
        sendProblem(reply, notAllowed)
        return true
      }
      allow(reply, origin, route)
    }
    if (request.method !== 'OPTIONS') return false
    answerPreflight(request, reply, route, this.#origins !== '*')
    return true
  }

  #find(path: string): Opened | undefined {
    const exact = this.#opened.get(path)
    if (exact) return exact
    for (const one of this.#opened.values()) if (one.path.test(path)) return one
    return undefined
  }

  /** A page of the collector's own address, behind a proxy too, is always one of ours. */
  #allows(origin: string, { headers }: FastifyRequest): boolean {
    if (this.#origins === '*' || this.#origins.has(origin)) return true
    if (headers['sec-fetch-site'] !== undefined) return headers['sec-fetch-site'] === 'same-origin'
    return origin === `https://${headers.host}` || origin === `http://${headers.host}`
  }
}

/** The origin itself, never `*`: with `*` a browser lets no request with cookies through, so no opt-out would come. */
function allow(reply: FastifyReply, origin: string, { withCookies }: Opened): void {
  reply.header('access-control-allow-origin', origin)
  reply.header('access-control-expose-headers', readable)
  if (withCookies) reply.header('access-control-allow-credentials', 'true')
}

function answerPreflight(
  { headers }: FastifyRequest,
  reply: FastifyReply,
  { methods }: Opened,
  isListed: boolean,
): void {
  const asked = headers['access-control-request-headers']
  reply.header('vary', 'Origin, Access-Control-Request-Headers')
  reply.header('access-control-allow-methods', [...methods].join(', '))
  reply.header('access-control-max-age', String(preflightSeconds))
  if (typeof asked === 'string' && headerNames.test(asked)) reply.header('access-control-allow-headers', asked)
  // A page of the public web reaches into a private network only where the operator has named it.
  if (isListed && headers['access-control-request-private-network'] === 'true')
    reply.header('access-control-allow-private-network', 'true')
  reply
    .header('allow', ['OPTIONS', ...methods].join(', '))
    .code(204)
    .send()
}

/** `/v1/projects/:key/settings` as what it matches; a path without a parameter as itself. */
function patternOf(path: string): RegExp {
  const parts = path.split('/').map((part) => (part.startsWith(':') ? '[^/]+' : part.replaceAll(/[^\w-]/g, '\\$&')))
  return new RegExp(`^${parts.join('/')}$`)
}

const notAllowed = problem(
  403,
  'origin-not-allowed',
  'Pages of this origin do not send here',
  'Nothing was taken. The operator of the installation lists the origins of its pages in HEADCOUNT_PAGE_ORIGINS.',
)
