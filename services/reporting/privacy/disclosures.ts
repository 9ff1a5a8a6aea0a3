/** GET /privacy/disclosures: who was given what, for everybody; a page for browsers, else JSON. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Catalogue } from '../../../shared/catalogue.ts'
import type { Clock } from '../../../shared/clock.ts'
import { ProblemError, problem } from '../../../shared/http/problem.ts'
import type { Ledger } from '../../../shared/ledger/port.ts'
import { pageHeaders } from '../../privacy-page/page-style.ts'
import type { Contact } from '../../privacy-page/privacy-facts.ts'
import { jsonAnswer, problemAnswers } from '../openapi.ts'
import { disclosureAnswer, type PageRequest } from './disclosure-answer.ts'
import { DisclosureReader, type Disclosures } from './disclosure-reader.ts'
import { disclosuresPage } from './disclosures-page.ts'

const limitDefault = 100
const limitMax = 500

export interface DisclosuresDeps {
  readonly ledger: Ledger
  readonly clock: Clock
  readonly catalogue: Catalogue
  readonly contact: Contact
}

export function addDisclosures(app: FastifyInstance, deps: DisclosuresDeps): void {
  const reader = new DisclosureReader(deps)
  app.get<{ Reply: unknown }>('/privacy/disclosures', { schema }, async (request, reply) => {
    const asked = readPage(request)
    const disclosures: Disclosures = await reader.read().catch(() => {
      throw ledgerUnreadable()
    })
    const answer = disclosureAnswer(disclosures, asked, deps)
    reply
      .code(answer.verified ? 200 : 503)
      .headers(pageHeaders)
      .header('vary', 'accept')
    if (wantsPage(request)) return reply.send(disclosuresPage(answer, asked.limit))
    return reply.header('content-type', 'application/json; charset=utf-8').send(JSON.stringify(answer))
  })
}

function wantsPage({ headers, query }: FastifyRequest): boolean {
  return headers.accept?.includes('text/html') === true && (query as Record<string, unknown>).format !== 'json'
}

function readPage({ query }: FastifyRequest): PageRequest {
  const { after = '0', limit = String(limitDefault) } = query as Record<string, unknown>
  const [from, count] = [after, limit].map((text) =>
    typeof text === 'string' && /^\d{1,9}$/.test(text) ? Number(text) : -1,
  )
  if (from! < 0 || count! < 1 || count! > limitMax)
    throw new ProblemError(
      problem(
        400,
        'invalid-request',
        'The request is not right',
        `\`after\` must be a whole number from 0, \`limit\` one from 1 to ${limitMax}.`,
      ),
    )
  return { after: from!, limit: count! }
}

function ledgerUnreadable(): ProblemError {
  return new ProblemError(
    problem(503, 'ledger-unavailable', 'The ledger cannot be read now', 'Ask again after the seconds in Retry-After.'),
    { 'retry-after': '5' },
  )
}

const schema = {
  tags: ['partner'],
  summary: 'Who was given which aggregates, and when, for everybody',
  description:
    'From the ledger, whose chain is checked while it is read. 503 with `verified: false` when it does not verify: nothing of it is told then.',
  response: {
    200: jsonAnswer('Partners in the order in which they were added', {
      type: 'object',
      required: ['verified', 'personalInformation'],
      properties: {
        verified: { type: 'boolean' },
        ledger: { type: 'object', description: 'Head up to which it was read' },
        personalInformation: {
          type: 'object',
          description: 'Categories of personal information shared, and with whom',
        },
        partners: { type: 'array', items: { type: 'object' } },
        partnersInAll: { type: 'integer' },
        next: { type: 'integer', description: 'Give it as `after` for the next page' },
        transfers: { type: 'array', items: { type: 'object' } },
      },
    }),
    ...problemAnswers({
      400: '`after` or `limit` is wrong',
      503: 'The ledger cannot be read now, or does not verify',
    }),
  },
}
