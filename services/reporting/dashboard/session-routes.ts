/** Signing in to the dashboard and out: by a link that works once, or by a token. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../../../shared/clock.ts'
import { ProblemError, problem } from '../../../shared/http/problem.ts'
import type { KeyValue } from '../../../shared/keyvalue/port.ts'
import { rfc3339 } from '../../../shared/rfc3339.ts'
import { jsonAnswer, problemAnswers } from '../openapi.ts'
import { takeJsonBodies } from '../partner-api/json-bodies.ts'
import { publicAddress } from '../partner-api/public-address.ts'
import type { Sessions } from './sessions.ts'
import { useSignInLink } from './sign-in-links.ts'
import { checkOrigin, type Who } from './who.ts'

const bodyBytesMax = 1024
/** Secrets have 190 bits and more; this keeps whoever tries from costing much. */
const attemptsPerMinuteMax = 100

export interface SessionDeps {
  readonly config: { readonly publicUrl: string }
  readonly keyValue: KeyValue
  readonly clock: Clock
  readonly sessions: Sessions
  readonly who: Who
}

export function addSessions(app: FastifyInstance, { config, keyValue, clock, sessions, who }: SessionDeps): void {
  let [minute, attempts] = [0, 0]
  const isSecure = (request: FastifyRequest) => publicAddress(config, request).startsWith('https:')

  app.register(
    async (part) => {
      takeJsonBodies(part, bodyBytesMax)

      part.get('', { schema: schemas.read }, async (request, reply) => {
        const viewer = await who.asks(request)
        if (!viewer) return reply.send({ role: 'nobody' })
        const until = viewer.role === 'guest' ? viewer.view.until : viewer.session && rfc3339(viewer.session.until)
        return reply.send({ role: viewer.role, ...(until !== undefined && { until }) })
      })

      part.post('', { schema: schemas.begin }, async (request, reply) => {
        checkOrigin(request)
        const now = Math.floor(clock.now() / 60_000)
        attempts = now === minute ? attempts + 1 : 1
        minute = now
        if (attempts > attemptsPerMinuteMax) throw tooOften()
        const { token, link } = Object(request.body) as { token?: unknown; link?: unknown }
        const role =
          typeof link === 'string'
            ? await useSignInLink(keyValue, link)
            : typeof token === 'string'
              ? who.roleOfToken(token.trim())
              : undefined
        if (!role) throw refused(typeof link === 'string')
        const session = sessions.begin(role)
        reply.header('set-cookie', sessions.cookie(session, isSecure(request)))
        return reply.send({ role, until: rfc3339(session.until) })
      })

      part.delete('', { schema: schemas.end }, async (request, reply) => {
        checkOrigin(request)
        const session = await sessions.of(request.headers.cookie)
        if (session) await sessions.end(session)
        return signedOut(reply.header('set-cookie', sessions.noCookie(isSecure(request))))
      })
    },
    { prefix: '/api/v1/session' },
  )
}

function signedOut(reply: FastifyReply): FastifyReply {
  return reply.code(204).send()
}

function refused(byLink: boolean): ProblemError {
  const mend = byLink
    ? 'The link was used already or is older than a day. `npm run headcount -- sign-in` prints a new one; a token works as well.'
    : 'The token is neither the analyst token nor the admin token. Both are in credentials.json in the data folder.'
  return new ProblemError(problem(401, 'not-signed-in', 'You could not be signed in', mend))
}

function tooOften(): ProblemError {
  return new ProblemError(problem(429, 'too-many-attempts', 'Too many attempts to sign in', 'Try again in a minute.'), {
    'retry-after': '60',
  })
}

const tags = ['dashboard']
const session = {
  type: 'object',
  required: ['role'],
  properties: {
    role: { type: 'string', enum: ['admin', 'analyst', 'guest', 'nobody'] },
    until: { type: 'string', format: 'date-time' },
  },
}
const example = { role: 'analyst', until: '2026-12-25T10:15:00.000Z' }
const schemas = {
  read: {
    tags,
    summary: 'Who asks',
    description:
      'For the page, before it shows a form to sign in; `nobody` without a token, session or view that counts.',
    security: [],
    response: { 200: jsonAnswer('The role', session, example) },
  },
  begin: {
    tags,
    summary: 'Sign in',
    description:
      'With `{"token":…}` (analyst or admin), or `{"link":…}`, the part of a sign-in link behind `sign-in=`.',
    security: [],
    response: {
      200: jsonAnswer('The session; its cookie is `HttpOnly; SameSite=Strict`', session, example),
      ...problemAnswers({
        401: 'Neither a token nor a link that works',
        403: 'The request comes from another page',
        429: 'Too many attempts; Retry-After says when to try again',
      }),
    },
  },
  end: {
    tags,
    summary: 'Sign out',
    description: 'From the answer on the session is none, in every process.',
    security: [],
    response: { 204: { description: 'Signed out', type: 'null' } },
  },
}
