/** Schemas of the routes by which operators manage partners and releases. */
import { jsonAnswer, problemAnswers } from '../openapi.ts'
import { pageDefault, pageMax } from './page-of-days.ts'

const tags = ['releases']
const admin = [{ adminToken: [] }]
const text = { type: 'string' }
const time = { type: 'string', format: 'date-time' }
const refused = {
  400: 'Something is not right; `detail` says what and how to mend it',
  401: 'The token is missing or wrong',
}
const exampleSha = '6b1f0c5b1c4e7f0a2d3e4f5061728394a5b6c7d8e9f00112233445566778899a'

const partner = {
  type: 'object',
  required: ['partner', 'name', 'datasets', 'purpose', 'until', 'state', 'addedAt'],
  properties: {
    partner: { type: 'string', description: 'Its id' },
    name: text,
    datasets: { type: 'array', items: text },
    purpose: text,
    until: time,
    state: { type: 'string', enum: ['active', 'expired', 'revoked'] },
    addedAt: time,
    revokedAt: time,
  },
}
const examplePartner = {
  partner: 'partner-0f3a5c7e9b1d',
  name: 'ACME',
  datasets: ['feature_usage'],
  purpose: 'Which versions to support',
  until: '2027-11-23T00:00:00.000Z',
  state: 'active',
  addedAt: '2026-11-25T10:15:00.000Z',
}
const profile = {
  type: 'object',
  description: 'Profile file for Delta Sharing clients; it has the key in it',
  properties: { shareCredentialsVersion: { type: 'integer' }, endpoint: text, bearerToken: text, expirationTime: time },
}

export const managePartnersSchemas = {
  list: {
    tags,
    security: admin,
    summary: 'All partners ever added',
    response: {
      200: jsonAnswer(
        'The partners',
        { type: 'object', required: ['partners'], properties: { partners: { type: 'array', items: partner } } },
        { partners: [examplePartner] },
      ),
      ...problemAnswers({ 401: refused[401] }),
    },
  },
  add: {
    tags,
    security: admin,
    summary: 'Add a partner; its key is shown this once',
    body: {
      type: 'object',
      required: ['name', 'datasets', 'purpose', 'until'],
      properties: {
        name: text,
        datasets: { type: 'array', items: text, description: 'Released datasets that it may read' },
        purpose: { type: 'string', description: 'What for; kept in the ledger' },
        until: { type: 'string', description: 'When the key ends: RFC 3339, or a date (UTC)' },
      },
      examples: [
        { name: 'ACME', datasets: ['feature_usage'], purpose: 'Which versions to support', until: '2027-11-23' },
      ],
    },
    response: {
      201: jsonAnswer(
        'Added',
        {
          ...partner,
          required: [...partner.required, 'key', 'profile'],
          properties: {
            ...partner.properties,
            key: { type: 'string', description: 'Only its SHA-256 is kept' },
            profile,
          },
        },
        {
          ...examplePartner,
          key: 'hcp_…',
          profile: {
            shareCredentialsVersion: 1,
            endpoint: 'https://reports.example/partner/v1/delta/',
            bearerToken: 'hcp_…',
            expirationTime: '2027-11-23T00:00:00.000Z',
          },
        },
      ),
      ...problemAnswers({ ...refused, 413: 'The body is too large' }),
    },
  },
  revoke: {
    tags,
    security: admin,
    summary: 'Revoke a partner’s key, at once and for good',
    params: {
      type: 'object',
      required: ['id'],
      properties: { id: { type: 'string', description: 'Id of the partner', examples: [examplePartner.partner] } },
    },
    response: {
      204: { description: 'It is revoked, in every process; also when it was already' },
      ...problemAnswers({ 401: refused[401], 404: 'There is no such partner' }),
    },
  },
}

const release = {
  type: 'object',
  required: ['dataset', 'state', 'specification', 'rho', 'delta'],
  properties: {
    dataset: text,
    state: { type: 'string', enum: ['RESERVED', 'SEALED', 'PUBLISHED'] },
    specification: text,
    rho: { type: 'string', description: 'Privacy budget that it cost, as an exact fraction' },
    delta: { type: 'string', description: 'As an exact fraction' },
    sha256: { type: 'string', description: 'Of the manifest' },
    rows: { type: 'integer' },
    publishAt: time,
    publishedAt: time,
  },
}

export const manageReleasesSchemas = {
  list: {
    tags,
    security: [{ analystToken: [] }, { adminToken: [] }],
    summary: 'Releases by day, newest first, and the budget that each day spent',
    querystring: {
      type: 'object',
      properties: {
        day: { type: 'string', description: 'Only this day', examples: ['2026-11-23'] },
        limit: {
          type: 'integer',
          minimum: 1,
          maximum: pageMax,
          default: pageDefault,
          description: 'Most days',
          examples: [30],
        },
        cursor: { type: 'string', description: '`next` of the page before', examples: ['YmVmb3JlIDIwMjYtMTAtMjU'] },
      },
    },
    response: {
      200: jsonAnswer(
        'The days',
        {
          type: 'object',
          required: ['budget', 'days', 'next'],
          properties: {
            budget: { type: 'string', description: 'ρ of a day, as an exact fraction' },
            days: {
              type: 'array',
              items: {
                type: 'object',
                required: ['day', 'spent', 'unsealed', 'releases'],
                properties: {
                  day: text,
                  spent: { type: 'string', description: 'ρ, as an exact fraction' },
                  unsealed: { type: 'boolean', description: 'Its key was destroyed without a release' },
                  releases: { type: 'array', items: release },
                },
              },
            },
            next: { type: ['string', 'null'] },
          },
        },
        {
          budget: '3/200',
          days: [
            {
              day: '2026-11-23',
              spent: '3/200',
              unsealed: false,
              releases: [
                {
                  dataset: 'feature_usage',
                  state: 'PUBLISHED',
                  specification: exampleSha,
                  rho: '3/200',
                  delta: '3/1000000000',
                  sha256: exampleSha,
                  rows: 118,
                },
              ],
            },
          ],
          next: null,
        },
      ),
      ...problemAnswers(refused),
    },
  },
  request: {
    tags,
    security: admin,
    summary: 'Release a day: close it, draw the noise once, publish',
    description: 'Asking again is asking once: a day that is published is answered as it is.',
    body: {
      type: 'object',
      required: ['day'],
      properties: { day: { type: 'string', description: 'UTC day' } },
      examples: [{ day: '2026-11-23' }],
    },
    response: {
      200: jsonAnswer(
        'It is published',
        {
          type: 'object',
          required: ['state', 'releases'],
          properties: {
            state: { const: 'published' },
            releases: {
              type: 'array',
              items: {
                type: 'object',
                properties: { dataset: text, day: text, sha256: text, rows: { type: 'integer' } },
              },
            },
          },
        },
        {
          state: 'published',
          releases: [{ dataset: 'feature_usage', day: '2026-11-23', sha256: exampleSha, rows: 118 }],
        },
      ),
      202: jsonAnswer(
        'It is being made; Location says where to look',
        { type: 'object', required: ['state'], properties: { state: { const: 'pending' }, seal: { type: 'object' } } },
        { state: 'pending' },
      ),
      ...problemAnswers({
        ...refused,
        409: 'The day cannot be released; `detail` says why',
        501: 'This process cannot ask for releases',
      }),
    },
  },
}
