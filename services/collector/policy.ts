/**
 * What senders are told of the policy: its version in a header of every answer, all of it at GET /v1/policy; and whether an
 * event names a version that is too old.
 */
import type { FastifyInstance } from 'fastify'
import type { Policy } from '../../shared/policy/policy.ts'
import { anyVersion, comparePolicyVersions, isPolicyVersion } from '../../shared/policy/policy-version.ts'

/** Must come before the routes: their answers get the header. */
export function addPolicy(app: FastifyInstance, policy: Policy): void {
  const { title, version, since, minimum, notice, sha256 } = policy
  app.addHook('onRequest', (_request, reply, done) => {
    reply.header('headcount-policy', version)
    done()
  })
  const answer = JSON.stringify({ version, since, minimum, title, notice, sha256, text: '/privacy/policy' })
  app.get('/v1/policy', (_request, reply) =>
    reply
      .headers({ 'content-type': 'application/json; charset=utf-8', 'cache-control': 'public, max-age=60' })
      .send(answer),
  )
}

/** Whether what an event says it has agreed to (`policy`) will do; one that says nothing goes by using the system. */
export type AgreementCheck = (agreed: unknown) => boolean

/** Undefined while any version will do: nothing has to be looked at then. */
export function agreementCheck({ minimum }: Pick<Policy, 'minimum'>): AgreementCheck | undefined {
  if (minimum === anyVersion) return undefined
  // The events of one request, and most of all requests, name the same version.
  let last: string | undefined
  let willDo = false
  return (agreed) => {
    if (agreed === undefined || agreed === null) return true
    if (!isPolicyVersion(agreed)) return false
    if (agreed !== last) {
      willDo = comparePolicyVersions(agreed, minimum) >= 0
      last = agreed
    }
    return willDo
  }
}
