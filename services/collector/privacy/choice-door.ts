/**
 * POST /v1/privacy/choice and POST /v1/privacy/deletion: somebody chooses not to be counted (or to be counted again), or
 * wants what is still held cut out. What is answered has taken effect; an answer never tells whether anything was known.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ChoiceBook } from '../../../shared/choices/choice-book.ts'
import {
  type ChoiceAct,
  ChoiceLogUnavailableError,
  type ChoiceProof,
  type NewChoice,
  type Subject,
} from '../../../shared/choices/port.ts'
import type { Clock } from '../../../shared/clock.ts'
import type { Config } from '../../../shared/config.ts'
import { bearerToken, type KeyCheck, keyCheck } from '../../../shared/http/authorization.ts'
import { ProblemError } from '../../../shared/http/problem.ts'
import { sendProblem, unexpected } from '../../../shared/http/problem-answer.ts'
import type { Logger } from '../../../shared/logger.ts'
import type { Policy } from '../../../shared/policy/policy.ts'
import { rawGoneMs } from '../../../shared/retention/limits.ts'
import { backToPage, isPageForm, sendProblemPage } from '../../privacy-page/form-answer.ts'
import { cookieIdentifier } from '../browser-cookie.ts'
import { clientAddress } from '../client-address.ts'
import { optInCookies, optOutCookies } from './choice-cookie.ts'
import { choicesUnavailable, forbidden, notPossible, notReadable } from './choice-problems.ts'
import { type ChoiceRequest, readChoiceRequest } from './choice-request.ts'
import { optOutInForce, strength } from './opt-out-in-force.ts'
import { RequestsPerMinute } from './requests-per-minute.ts'

const bodyBytesMax = 4096
const requestsPerMinuteMax = 60

export interface ChoiceDoorDeps {
  readonly config: Config
  readonly policy: Pick<Policy, 'version'>
  readonly choices: ChoiceBook
  readonly credentials: { readonly adminToken: string }
  readonly isWriteKey: KeyCheck
  readonly clock: Clock
  readonly logger: Logger
}

type Proof = Pick<NewChoice, 'by' | 'case'>

/** Whom a request speaks for, and what shows that it may. */
interface Speaker extends Proof {
  /** Undefined for a browser without an identifier: it has the cookie of choice-cookie.ts and no more. */
  readonly subject: Subject | undefined
  readonly inBrowser: boolean
}

export async function addChoiceDoor(app: FastifyInstance, deps: ChoiceDoorDeps): Promise<void> {
  const speakerOf = createSpeakerOf(deps)
  const { log } = deps.choices
  const policy = deps.policy.version
  const allowance = new RequestsPerMinute(requestsPerMinuteMax, deps.clock)
  await app.register(async (door) => {
    door.removeAllContentTypeParsers()
    door.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: bodyBytesMax }, (_request, body, done) =>
      done(null, body),
    )
    door.addHook('onRequest', async ({ raw }) => {
      const { headers, socket } = raw
      if (headers['sec-fetch-site'] === 'cross-site') throw forbidden('A page of another site cannot choose for you.')
      allowance.take(
        clientAddress(socket.remoteAddress, headers['x-forwarded-for']?.toString(), deps.config.trustedProxies),
      )
    })
    door.setErrorHandler((error, request, reply) => {
      const known = problemOf(error, deps.logger)
      const send = isPageForm(request) ? sendProblemPage : sendProblem
      send(reply, known.problem, known.headers)
    })
    door.post('/v1/privacy/choice', async (request, reply) => {
      const asked = readChoiceRequest(request.body, request.headers['content-type'])
      if (asked.choice === undefined) throw notReadable('`choice` must be "opt-out" or "opt-in".')
      const { subject, inBrowser, ...proof } = speakerOf(request, asked)
      const act = asked.choice
      if (inBrowser) reply.header('set-cookie', asked.choice === 'opt-out' ? optOutCookies : optInCookies)
      if (subject !== undefined && asked.choice === 'opt-in') requireStrength(deps.choices, subject, proof.by)
      const { at } =
        subject === undefined
          ? { at: deps.clock.now() }
          : await log.append({ subject, act, ...strongest(deps.choices, subject, act, proof), policy })
      if (isPageForm(request)) return backToPage(reply, asked.choice)
      return { choice: asked.choice, since: rfc3339(at), policy }
    })
    door.post('/v1/privacy/deletion', async (request, reply) => {
      const asked = readChoiceRequest(request.body, request.headers['content-type'])
      const { subject, inBrowser: _, ...proof } = speakerOf(request, asked)
      if (strength[proof.by] < strength.owner)
        throw forbidden(
          'Show the cookie itself, or ask the operator (admin token and `case`). The write key is not enough.',
        )
      if (subject === undefined && isPageForm(request)) return backToPage(reply, 'nothing-held')
      if (subject === undefined)
        throw notPossible('The request has no identifier: nothing is held that could be found again.')
      const { id, at } = await log.append({ subject, act: 'deletion', ...proof, policy })
      if (isPageForm(request)) return backToPage(reply, 'deletion')
      return reply
        .code(202)
        .send({ deletion: id, effectiveFrom: rfc3339(at), rawRecordsGoneBy: rfc3339(at + rawGoneMs) })
    })
  })
}

function createSpeakerOf({ choices, credentials, isWriteKey }: ChoiceDoorDeps) {
  const isAdminToken = keyCheck(credentials.adminToken)
  return ({ headers }: FastifyRequest, asked: ChoiceRequest): Speaker => {
    const token = bearerToken(headers.authorization) ?? ''
    if (asked.named) {
      const subject = choices.subjectOf(asked.named.kind, asked.named.id)
      if (isAdminToken(token)) {
        if (asked.case === undefined) throw notReadable('An operator gives the `case` on which this is done.')
        return { subject, by: 'operator', case: asked.case, inBrowser: false }
      }
      if (isWriteKey(token)) return { subject, by: 'sender', inBrowser: false }
      throw forbidden(
        'For an identifier in the body send `Authorization: Bearer <write key>`, or the admin token and `case`.',
      )
    }
    const cookie = cookieIdentifier(headers)
    return {
      subject: cookie === undefined ? undefined : choices.subjectOf('cookie', cookie),
      by: 'owner',
      inBrowser: true,
    }
  }
}

/** An opt-out is undone only by a proof at least as strong as the one it was made with. */
function requireStrength({ log }: ChoiceBook, subject: Subject, by: ChoiceProof): void {
  const holding = optOutInForce(log.choices, subject)
  if (holding && strength[by] < strength[holding.by])
    throw forbidden('This opt-out was made by its owner or the operator; opt in by the same way.')
}

/** An opt-out made again keeps the stronger proof: repeating it, however often, makes it no easier to undo. */
function strongest({ log }: ChoiceBook, subject: Subject, act: ChoiceAct, proof: Proof): Proof {
  const holding = act === 'opt-out' ? optOutInForce(log.choices, subject) : undefined
  if (!holding || strength[holding.by] <= strength[proof.by]) return proof
  const { by, case: caseId } = holding
  return { by, ...(caseId !== undefined && { case: caseId }) }
}

function problemOf(error: unknown, logger: Logger): ProblemError {
  if (error instanceof ProblemError) return error
  return error instanceof ChoiceLogUnavailableError ? choicesUnavailable() : unexpected(error, logger)
}

function rfc3339(time: number): string {
  return new Date(time).toISOString()
}
