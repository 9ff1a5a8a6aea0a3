/** The OpenAPI description, made from the routes' schemas, at /openapi.json, and as a page at /docs. */
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import type { Catalogue } from '../../shared/catalogue.ts'
import { problemType } from '../../shared/http/problem.ts'

/** The page needs its own files, the description, and inline styles that the library sets; it asks nobody else. */
const docsPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; " +
  "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const logo =
  '<svg xmlns="http://www.w3.org/2000/svg" width="160" height="40"><text x="0" y="27" fill="#fff" font-family="sans-serif" font-size="22">Headcount</text></svg>'

const description = `Counts of usage, from aggregate tables only: no row of them is about one event, device or person.

**Suppression.** A cell of fewer than \`k\` devices is left out, and so are others where it could be worked out by
subtraction: in every group that adds up to a shown cell, the cells left out are none, or at least two with together at
least \`k\` devices, and what is left out of a table is left out of every finer one. \`suppressed\` says how many cells
of the answer were left out; that is not zero usage. A cell without any event is not in the answer at all.

**Values.** \`(other)\` stands for every value that the catalogue does not declare, \`(none)\` for a dimension that the
event did not carry.

**Devices.** Whoever sends is counted once per window and cell; devices of two cells or windows do not add up. Senders
without an identifier of their own are not followed from one day to the next, so in weeks and months \`devices\` counts
identified senders only; \`events\` counts all. A sender that is in several cells is counted in each.`

/** Registers what collects route schemas; must come before the routes. */
export async function addOpenApi(app: FastifyInstance, catalogue: Catalogue): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Headcount reporting',
        version: '1',
        description,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      tags: [
        { name: 'usage', description: catalogue.title || 'What analysts ask' },
        { name: 'partner', description: 'Published releases, for whoever has a partner key' },
        { name: 'delta-sharing', description: 'The same releases for clients of Delta Sharing, read-only' },
        { name: 'releases', description: 'Partners and releases, as operators manage them' },
        { name: 'dashboard', description: 'What the page at / asks beside usage' },
        { name: 'operation', description: 'Health and metrics' },
        { name: 'about', description: 'This description' },
      ],
      components: {
        securitySchemes: {
          analystToken: {
            type: 'http',
            scheme: 'bearer',
            description: 'The analyst token (analystToken of credentials.json)',
          },
          partnerKey: {
            type: 'http',
            scheme: 'bearer',
            description: 'A partner’s key (`hcp_…`), shown once by `headcount partner add`',
          },
          adminToken: {
            type: 'http',
            scheme: 'bearer',
            description: 'The admin token (adminToken of credentials.json)',
          },
        },
      },
    },
  })
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: docsPolicy,
    // By default the page has a badge from validator.swagger.io.
    uiConfig: { validatorUrl: null, docExpansion: 'list', tryItOutEnabled: true },
    logo: { type: 'image/svg+xml', content: Buffer.from(logo) },
    theme: { title: 'Headcount reporting: API' },
  })
  app.get(
    '/openapi.json',
    {
      schema: {
        tags: ['about'],
        summary: 'This description',
        response: { 200: jsonAnswer('OpenAPI 3.1', { type: 'object' }) },
      },
    },
    (_request, reply) => reply.send(app.swagger()),
  )
}

/** A 200 (or other) answer of JSON with an example. */
export function jsonAnswer(about: string, schema: object, example?: unknown): object {
  return {
    description: about,
    content: { 'application/json': { schema, ...(example !== undefined && { example }) } },
  }
}

/** The answers of a route that are problems, by status. */
export function problemAnswers(about: Record<number, string>): Record<number, object> {
  const schema = {
    type: 'object',
    required: ['type', 'title', 'status', 'detail'],
    properties: {
      type: { type: 'string', description: 'urn:headcount:problem:<kind>, for programs' },
      title: { type: 'string' },
      status: { type: 'integer' },
      detail: { type: 'string', description: 'What is wrong and what to do' },
      valid: {
        type: 'array',
        items: { type: 'string' },
        description: 'What would be right, where that is a short list',
      },
    },
  }
  return Object.fromEntries(
    Object.entries(about).map(([status, text]) => [
      status,
      { description: text, content: { [problemType]: { schema } } },
    ]),
  )
}
