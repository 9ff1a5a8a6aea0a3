/**
 * POST /v1/privacy/choice and POST /v1/privacy/deletion: somebody chooses not to be counted (or to be counted again), or
 * wants what is still held cut out; behind the same bounds GET /v1/privacy/access (access.ts). What is answered has taken
 * effect; an answer never tells whether anything was known.
 */
import type { FastifyInstance } from 'fastify'
import type { ChoiceBook } from '../../../shared/choices/choice-book.ts'
import { ChoiceLogUnavailableError } from '../../../shared/choices/port.ts'
import type { Clock } from '../../../shared/clock.ts'
import type { Config } from '../../../shared/config.ts'
import { LogUnavailableError } from '../../../shared/eventlog/port.ts'
import type { KeyCheck } from '../../../shared/http/authorization.ts'
import { ProblemError } from '../../../shared/http/problem.ts'
import { sendProblem, unexpected } from '../../../shared/http/problem-answer.ts'
import type { Logger } from '../../../shared/logger.ts'
import type { Metrics } from '../../../shared/metrics.ts'
import type { Policy } from '../../../shared/policy/policy.ts'
import { goneAfterDeletionMs } from '../../../shared/retention/limits.ts'
import { rfc3339 } from '../../../shared/rfc3339.ts'
import { backToPage, isPageForm, sendProblemPage } from '../../privacy-page/form-answer.ts'
import { clientAddress } from '../client-address.ts'
import { addAccess } from './access.ts'
import { optInCookies, optOutCookies } from './choice-cookie.ts'
import { choicesUnavailable, forbidden, logUnavailable, notPossible, notReadable } from './choice-problems.ts'
import { readChoiceRequest } from './choice-request.ts'
import { ChoicesBound } from './choices-bound.ts'
import { Choosing, type EnterServed } from './choosing.ts'
import { createKeptIdentifier } from './kept-identifier.ts'
import { createNodeKey } from './node-key.ts'
import { RequestsPerMinute } from './requests-per-minute.ts'
import { createSpeakerOf, requireOwner } from './speaker.ts'
import type { WhatIsHeld } from './what-is-held.ts'

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
  readonly metrics: Pick<Metrics, 'choiceSubjectsRatio'>
  /** Without: nobody can see what is held. */
  readonly held?: WhatIsHeld
  /** Without: this process has no ledger. */
  readonly served?: EnterServed
}

export async function addChoiceDoor(app: FastifyInstance, deps: ChoiceDoorDeps): Promise<void> {
  const secrets = { choiceKey: deps.config.choiceKey, adminToken: deps.credentials.adminToken }
  const [nodeKeyOf, keptId] = [createNodeKey(secrets), createKeptIdentifier(secrets)]
  const speakerOf = createSpeakerOf({ ...deps, nodeKeyOf, keptId })
  const bound = new ChoicesBound({
    choices: deps.choices.log.choices,
    max: deps.config.choicesMax,
    metrics: deps.metrics,
  })
  const choosing = new Choosing({ ...deps, bound })
  const { subjectOf } = deps.choices
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
    if (deps.held) addAccess(door, { held: deps.held, speakerOf, served: deps.served })
    door.setErrorHandler((error, request, reply) => {
      const known = problemOf(error, deps.logger)
      const send = isPageForm(request) ? sendProblemPage : sendProblem
      send(reply, known.problem, known.headers)
    })
    door.post('/v1/privacy/choice', async (request, reply) => {
      const asked = readChoiceRequest(request.body, request.headers['content-type'])
      if (asked.choice === undefined) throw notReadable('`choice` must be "opt-out" or "opt-in".')
      const { unit, inBrowser, proof } = speakerOf(request.headers, asked)
      if (inBrowser) reply.header('set-cookie', asked.choice === 'opt-out' ? optOutCookies : optInCookies)
      const { at } =
        unit === undefined
          ? { at: deps.clock.now() }
          : await choosing.choose(subjectOf(unit.kind, unit.id), asked.choice, proof)
      if (isPageForm(request)) return backToPage(reply, asked.choice)
      return { choice: asked.choice, since: rfc3339(at), policy }
    })
    door.post('/v1/privacy/deletion', async (request, reply) => {
      const asked = readChoiceRequest(request.body, request.headers['content-type'])
      const { unit, proof } = speakerOf(request.headers, asked)
      requireOwner(proof)
      if (unit === undefined && isPageForm(request)) return backToPage(reply, 'nothing-held')
      if (unit === undefined)
        throw notPossible('The request has no identifier: nothing is held that could be found again.')
      const { id, at } = await choosing.delete(subjectOf(unit.kind, unit.id), proof, asked.history)
      if (isPageForm(request)) return backToPage(reply, 'deletion')
      return reply.code(202).send({
        deletion: id,
        effectiveFrom: rfc3339(at),
        rawRecordsGoneBy: rfc3339(at + goneAfterDeletionMs(deps.config.eventLogUrl)),
      })
    })
  })
}

function problemOf(error: unknown, logger: Logger): ProblemError {
  if (error instanceof ProblemError) return error
  if (error instanceof LogUnavailableError) return logUnavailable()
  return error instanceof ChoiceLogUnavailableError ? choicesUnavailable() : unexpected(error, logger)
}
