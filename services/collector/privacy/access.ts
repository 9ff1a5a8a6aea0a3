/**
 * GET /v1/privacy/access: somebody asks what is held under their identifier. POST does the same with the identifier in the
 * body, for whom addresses of requests end up in somebody's log.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { isPageForm } from '../../privacy-page/form-answer.ts'
import { heldPage } from '../../privacy-page/held-page.ts'
import { pageHeaders } from '../../privacy-page/page-style.ts'
import { forbidden, notPossible } from './choice-problems.ts'
import { type ChoiceRequest, readChoiceRequest, readMembers } from './choice-request.ts'
import type { EnterServed } from './choosing.ts'
import { requireOwner, type SpeakerOf } from './speaker.ts'
import type { WhatIsHeld } from './what-is-held.ts'

export interface AccessDeps {
  readonly held: WhatIsHeld
  readonly speakerOf: SpeakerOf
  /** Without: operators ask by `headcount access`, which has a ledger. */
  readonly served?: EnterServed | undefined
}

/** @param door its hooks bound who may ask how often */
export function addAccess(door: FastifyInstance, deps: AccessDeps): void {
  const url = '/v1/privacy/access'
  door.get(url, (request, reply) => answer(readMembers(request.query as Record<string, unknown>), request, reply, deps))
  door.post(url, (request, reply) =>
    answer(readChoiceRequest(request.body, request.headers['content-type']), request, reply, deps),
  )
}

async function answer(
  asked: ChoiceRequest,
  request: FastifyRequest,
  reply: FastifyReply,
  { held, speakerOf, served }: AccessDeps,
): Promise<FastifyReply> {
  const { unit, proof } = speakerOf(request.headers, asked)
  requireOwner(proof)
  if (unit === undefined) throw notPossible('The request has no identifier: nothing is held that could be found again.')
  if (proof.by === 'operator') {
    if (!served)
      throw forbidden('This process has no ledger: an operator asks with `headcount access`, which enters it there.')
    await served({ case: proof.case ?? '', what: 'access' })
  }
  const found = await held.under(unit)
  if (isPage(request)) return reply.headers(pageHeaders).send(heldPage(found))
  return reply
    .headers({ 'cache-control': 'no-store' })
    .type('application/json')
    .send(JSON.stringify(found, undefined, 2))
}

function isPage(request: FastifyRequest): boolean {
  return isPageForm(request) || request.headers.accept?.includes('text/html') === true
}
