/** Partners as an operator manages them, with the admin token: add, list, revoke. */
import type { FastifyInstance } from 'fastify'
import { type Catalogue, releasedDatasets } from '../../../shared/catalogue.ts'
import type { Clock } from '../../../shared/clock.ts'
import type { Config } from '../../../shared/config.ts'
import { ProblemError, problem } from '../../../shared/http/problem.ts'
import type { Ledger, Partner } from '../../../shared/ledger/port.ts'
import { parseTime } from '../../../shared/rfc3339.ts'
import {
  addPartner,
  listPartners,
  PartnerError,
  type PartnerWish,
  revokePartner,
} from '../../partners/partner-registry.ts'
import { profileFor } from '../delta-sharing/profile.ts'
import { takeJsonBodies } from './json-bodies.ts'
import { managePartnersSchemas } from './manage-schemas.ts'
import { badRequest } from './partner-problems.ts'
import { publicAddress } from './public-address.ts'

const bodyBytesMax = 16 * 1024

export interface ManagePartnersDeps {
  readonly config: Config
  readonly catalogue: Catalogue
  readonly ledger: Ledger
  readonly clock: Clock
  /** Throws a ProblemError unless the Authorization header has the admin token. */
  readonly authorizeAdmin: (authorization: string | undefined) => void
}

export function addManagePartners(app: FastifyInstance, deps: ManagePartnersDeps): void {
  const { config, catalogue, ledger, clock, authorizeAdmin } = deps
  app.register(
    async (part) => {
      takeJsonBodies(part, bodyBytesMax)
      part.addHook('onRequest', async ({ headers }) => authorizeAdmin(headers.authorization))

      part.get('', { schema: managePartnersSchemas.list }, async (_request, reply) => {
        const partners = await listPartners(ledger)
        return reply.send({ partners: partners.map((one) => describePartner(one, clock.now())) })
      })

      part.post('', { schema: managePartnersSchemas.add }, async (request, reply) => {
        const known = new Set(releasedDatasets(catalogue).map(({ id }) => id))
        const wish = request.body as PartnerWish
        const { partner, key, until } = await wished(() => addPartner(ledger, clock, wish, known))
        const added = (await listPartners(ledger)).find((one) => one.partner === partner)
        return reply.code(201).send({
          ...(added && describePartner(added, clock.now())),
          key,
          profile: profileFor(publicAddress(config, request), key, until),
        })
      })

      part.delete<{ Params: { id: string } }>(
        '/:id',
        { schema: managePartnersSchemas.revoke },
        async (request, reply) => {
          const { id } = request.params
          if (!(await listPartners(ledger)).some(({ partner }) => partner === id)) throw noSuchPartner()
          await wished(() => revokePartner(ledger, id))
          return reply.code(204).send()
        },
      )
    },
    { prefix: '/api/v1/partners' },
  )
}

/** Everything but the key's hash. */
function describePartner({ partner, name, datasets, purpose, until, addedAt, revokedAt }: Partner, now: number) {
  const state = revokedAt !== undefined ? 'revoked' : now < parseTime(until) ? 'active' : 'expired'
  return { partner, name, datasets, purpose, until, state, addedAt, ...(revokedAt !== undefined && { revokedAt }) }
}

async function wished<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof PartnerError) throw badRequest(error.message)
    throw error
  }
}

function noSuchPartner(): ProblemError {
  return new ProblemError(
    problem(404, 'no-such-partner', 'There is no such partner', 'GET /api/v1/partners lists those that there are.'),
  )
}
