/** Releases as an operator manages them: asking for a day's, and what has become of each. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Catalogue } from '../../../shared/catalogue.ts'
import type { Config } from '../../../shared/config.ts'
import { formatFraction } from '../../../shared/fraction.ts'
import { ProblemError, problem } from '../../../shared/http/problem.ts'
import type { Ledger, ReleaseState } from '../../../shared/ledger/port.ts'
import type { ReleaseAnswer } from '../../operator/release-requests.ts'
import type { Who } from '../dashboard/who.ts'
import { takeJsonBodies } from './json-bodies.ts'
import { manageReleasesSchemas } from './manage-schemas.ts'
import { pageOf, readPageRequest } from './page-of-days.ts'
import { badRequest } from './partner-problems.ts'
import { publicAddress } from './public-address.ts'
import { releaseLinks } from './release-links.ts'
import { onlyParameters } from './request-inputs.ts'

const bodyBytesMax = 1024

export interface ManageReleasesDeps {
  readonly config: Config
  readonly catalogue: Catalogue
  readonly ledger: Ledger
  /** Asks for a day's release, and says how it is. Without it, this process cannot ask. */
  readonly requestRelease?: (day: string) => Promise<ReleaseAnswer>
  readonly authorizeAdmin: (authorization: string | undefined) => void
  /** Analysts may look. */
  readonly who: Who
}

export function addManageReleases(app: FastifyInstance, deps: ManageReleasesDeps): void {
  const { config, catalogue, ledger, requestRelease, authorizeAdmin, who } = deps
  app.register(
    async (part) => {
      takeJsonBodies(part, bodyBytesMax)
      part.addHook('onRequest', async (request) => {
        if (request.method === 'POST') authorizeAdmin(request.headers.authorization)
        else await who.analyst(request)
      })

      part.get('', { schema: manageReleasesSchemas.list }, async (request, reply) => {
        const query = onlyParameters(request.query, 'day', 'limit', 'cursor')
        const wanted = readPageRequest(query)
        const state = await ledger.state()
        const all = state.releases().filter(({ day }) => query.day === undefined || day === query.day)
        const { entries, next } = pageOf(all, wanted)
        const days = [...new Set(entries.map(({ day }) => day))]
        return reply.send({
          budget: formatFraction(catalogue.releases.rho),
          days: days.map((day) => ({
            day,
            spent: formatFraction(state.spent(day)),
            unsealed: state.isUnsealed(day),
            releases: entries.filter((one) => one.day === day).map(describeState),
          })),
          next,
        })
      })

      part.post('', { schema: manageReleasesSchemas.request }, async (request, reply) => {
        const { day } = request.body as { day?: unknown }
        if (typeof day !== 'string') throw badRequest('The body must be {"day": "YYYY-MM-DD"}')
        if (!requestRelease) throw notHere()
        return answerRelease(request, reply, day, await requestRelease(day))
      })
    },
    { prefix: '/api/v1/releases' },
  )

  function answerRelease(request: FastifyRequest, reply: FastifyReply, day: string, answer: ReleaseAnswer) {
    const base = publicAddress(config, request)
    switch (answer.state) {
      case 'published': {
        const releases = answer.releases.map((one) => ({ ...one, links: releaseLinks(base, one.dataset, one.day) }))
        return reply.send({ state: answer.state, releases })
      }
      case 'pending': {
        const location = `${base}/api/v1/releases?day=${day}`
        return reply.code(202).header('location', location).header('retry-after', '1').send(answer)
      }
      case 'refused':
        throw new ProblemError(problem(409, 'release-refused', 'This day cannot be released', answer.why))
    }
  }
}

function describeState(release: ReleaseState) {
  const { dataset, state, specification, rho, delta, sha256, rows, publishAt, publishedAt } = release
  return {
    ...{ dataset, state, specification, rho: formatFraction(rho), delta: formatFraction(delta) },
    ...{ sha256, rows, publishAt, publishedAt },
  }
}

function notHere(): ProblemError {
  return new ProblemError(
    problem(501, 'not-here', 'This process cannot ask for releases', 'Use `headcount release --day D` instead.'),
  )
}
