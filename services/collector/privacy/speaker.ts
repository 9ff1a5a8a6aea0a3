/**
 * Whom a request speaks for, and what shows that it may. It is decided by what the request has, before anything is looked
 * up: a refusal is the same, and takes as long, whether or not the identifier is known.
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { NewChoice, SubjectKind } from '../../../shared/choices/port.ts'
import { bearerToken, type KeyCheck, keyCheck } from '../../../shared/http/authorization.ts'
import { cookieIdentifier } from '../browser-cookie.ts'
import { forbidden, notReadable } from './choice-problems.ts'
import type { ChoiceRequest } from './choice-request.ts'
import type { KeptIdentifier } from './kept-identifier.ts'
import type { NodeKeyOf } from './node-key.ts'
import { strength } from './opt-out-in-force.ts'

export type Proof = Pick<NewChoice, 'by' | 'case'>

export interface Speaker {
  /** By its kept identifier. Undefined for a browser without an identifier: it has the cookie of choice-cookie.ts and no more. */
  readonly unit: { readonly kind: SubjectKind; readonly id: string } | undefined
  readonly proof: Proof
  readonly inBrowser: boolean
}

export interface SpeakerDeps {
  readonly credentials: { readonly adminToken: string }
  readonly isWriteKey: KeyCheck
  readonly nodeKeyOf: NodeKeyOf
  readonly keptId: KeptIdentifier
}

export type SpeakerOf = (headers: IncomingHttpHeaders, asked: ChoiceRequest) => Speaker

/** The result throws ProblemError: 403 when nothing shows that the request may speak for the identifier it names. */
export function createSpeakerOf({ credentials, isWriteKey, nodeKeyOf, keptId }: SpeakerDeps): SpeakerOf {
  const isAdminToken = keyCheck(credentials.adminToken)
  const proofOf = (token: string, { named, case: caseId }: ChoiceRequest): Proof => {
    const isNodeKey = keyCheck(nodeKeyOf(named?.id ?? ''))(token)
    if (isAdminToken(token)) {
      if (caseId === undefined) throw notReadable('An operator gives the `case` on which this is done.')
      return { by: 'operator', case: caseId }
    }
    if (isNodeKey && named?.kind === 'device') return { by: 'owner' }
    if (isWriteKey(token)) return { by: 'sender' }
    throw forbidden(
      'For an identifier that the request names, send `Authorization: Bearer` with the node’s own key, with the write key (for a choice only), or with the admin token and `case`.',
    )
  }
  return (headers, asked) => {
    if (asked.named) {
      const proof = proofOf(bearerToken(headers.authorization) ?? '', asked)
      const { kind, id } = asked.named
      return { unit: { kind, id: keptId(id) }, proof, inBrowser: false }
    }
    const cookie = cookieIdentifier(headers)
    const unit = cookie === undefined ? undefined : ({ kind: 'cookie', id: cookie } as const)
    return { unit, proof: { by: 'owner' }, inBrowser: true }
  }
}

/** For what only the owner or an operator may ask. @throws ProblemError 403 */
export function requireOwner({ by }: Proof): void {
  if (strength[by] >= strength.owner) return
  throw forbidden(
    'Show the cookie itself or the node’s own key, or ask the operator (admin token and `case`). The write key is not enough.',
  )
}
