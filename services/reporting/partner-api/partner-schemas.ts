/** Schemas of the partner routes: they make the OpenAPI description. Requests are checked by request-inputs.ts. */

import { mediaTypes } from '../../release/release-files.ts'
import { releaseFormats } from '../../release/release-store.ts'
import { jsonAnswer, problemAnswers } from '../openapi.ts'
import { pageDefault, pageMax } from './page-of-days.ts'

const security = [{ partnerKey: [] }]
const tags = ['partner']
const text = { type: 'string' }
const sha256 = { type: 'string', pattern: '^[0-9a-f]{64}$' }
const exampleSha = '6b1f0c5b1c4e7f0a2d3e4f5061728394a5b6c7d8e9f00112233445566778899a'
const formats = { type: 'string', enum: [...releaseFormats] }

const refused = {
  401: 'No key, or one that is not good (any more); the four cases cannot be told apart',
  429: 'Too many requests; Retry-After says when to ask again',
  503: 'The ledger or the release cannot be read now, so nothing is handed out',
}
const notThere = {
  404: 'Not in the key’s scope, not published, or not existing: byte by byte the same answer',
}
const wrong = { 400: 'A parameter is not right; `detail` says which' }

const fileRefused = {
  ...wrong,
  ...refused,
  ...notThere,
  412: 'If-Match names another version',
  416: 'The range starts after the end',
}

const headHeader = {
  'Headcount-Ledger-Head': {
    type: 'string',
    description:
      '`<seq>:<hash>` of the disclosure ledger, with this access in it. Keep it: it proves later what was recorded',
  },
}
const pathOfDataset = {
  type: 'object',
  required: ['dataset'],
  properties: { dataset: { type: 'string', description: 'Id of a dataset', examples: ['feature_usage'] } },
}
const pathOfRelease = {
  type: 'object',
  required: ['dataset', 'day'],
  properties: {
    ...pathOfDataset.properties,
    day: { type: 'string', description: 'UTC day, `YYYY-MM-DD`', examples: ['2026-11-23'] },
  },
}
const conditions = {
  type: 'object',
  properties: {
    'if-none-match': {
      type: 'string',
      description: 'ETag that the client has: 304 when it is still that one',
      examples: [`"${exampleSha}"`],
    },
    range: { type: 'string', description: 'One range of bytes', examples: ['bytes=0-1023'] },
    'if-range': {
      type: 'string',
      description: 'ETag: the range counts only if it is still that one',
      examples: [`"${exampleSha}"`],
    },
  },
}
const column = {
  type: 'object',
  required: ['name', 'type', 'title', 'nullable'],
  properties: {
    name: text,
    type: { type: 'string', enum: ['string', 'integer'] },
    title: text,
    nullable: { type: 'boolean' },
  },
}
const releaseLinks = {
  type: 'object',
  properties: { manifest: text, dataPackage: text, files: { type: 'object', additionalProperties: text } },
}

function answer(about: string, schema: object, example?: unknown): object {
  return { ...jsonAnswer(about, schema, example), headers: headHeader }
}

/** A file, or a part of one, or nothing where the client has it. */
function fileAnswers(content: Record<string, object>): Record<number, object> {
  const headers = {
    ...headHeader,
    ETag: { type: 'string', description: 'Strong: the SHA-256 of the file' },
    'Repr-Digest': { type: 'string', description: 'The same as RFC 9530 writes it: `sha-256=:<base64>:`' },
    'Content-Disposition': { type: 'string', description: 'A name for the file' },
  }
  return {
    200: { description: 'The bytes, the same for every partner, for ever', headers, content },
    206: { description: 'The range that was asked for', headers, content },
    304: { description: 'The client has it already', headers: headHeader },
  }
}

const fileContent = Object.fromEntries(
  releaseFormats.map((format) => [
    mediaTypes[format].split(';')[0] ?? '',
    { schema: { type: 'string', ...(format !== 'csv' && format !== 'ndjson' && { format: 'binary' }) } },
  ]),
)
const manifest = {
  type: 'object',
  required: [
    'dataset',
    'title',
    'day',
    'publishAt',
    'specification',
    'columns',
    'rows',
    'files',
    'parameters',
    'guarantee',
    'intervals',
    'notes',
  ],
  properties: {
    dataset: text,
    title: text,
    day: text,
    publishAt: { type: 'string', format: 'date-time' },
    specification: {
      ...sha256,
      description: 'Of everything that decides what a release looks like but data and noise',
    },
    algorithm: { type: 'integer' },
    columns: { type: 'array', items: column },
    rows: { type: 'integer' },
    files: {
      type: 'array',
      items: {
        type: 'object',
        properties: { format: formats, mediaType: text, bytes: { type: 'integer' }, sha256 },
      },
    },
    parameters: { type: 'object', description: 'k, and for each level: C, M, ρ, σ and the threshold T' },
    guarantee: {
      type: 'object',
      description: 'ρ, and ε and δ for a day, 30 days, a year, and somebody with two identifiers',
    },
    intervals: { type: 'object', description: 'Half-widths of 95 % intervals, by level and column' },
    notes: { type: 'array', items: text },
  },
}

export const partnerSchemas = {
  datasets: {
    tags,
    security,
    summary: 'Datasets of the key',
    response: {
      200: answer(
        'What the key may read',
        {
          type: 'object',
          required: ['partner', 'until', 'guide', 'datasets'],
          properties: {
            partner: text,
            until: { type: 'string', format: 'date-time', description: 'When the key ends' },
            guide: { type: 'string', description: 'The page that says what the numbers mean' },
            datasets: {
              type: 'array',
              items: {
                type: 'object',
                required: ['id', 'title', 'columns', 'releases', 'newest', 'links'],
                properties: {
                  id: text,
                  title: text,
                  columns: { type: 'array', items: column },
                  releases: { type: 'integer', description: 'Published so far' },
                  newest: { type: ['string', 'null'], description: 'Newest published day' },
                  links: { type: 'object', properties: { releases: text } },
                },
              },
            },
          },
        },
        {
          partner: 'ACME',
          until: '2027-11-23T00:00:00.000Z',
          guide: 'https://reports.example/partner/guide',
          datasets: [
            {
              id: 'feature_usage',
              title: 'Feature usage',
              columns: [{ name: 'devices', type: 'integer', title: 'Devices, with noise', nullable: false }],
              releases: 31,
              newest: '2026-11-23',
              links: { releases: 'https://reports.example/partner/v1/datasets/feature_usage/releases' },
            },
          ],
        },
      ),
      ...problemAnswers({ ...wrong, ...refused }),
    },
  },
  releases: {
    tags,
    security,
    summary: 'Published releases of a dataset, newest first',
    params: pathOfDataset,
    querystring: {
      type: 'object',
      properties: {
        limit: {
          type: 'integer',
          minimum: 1,
          maximum: pageMax,
          default: pageDefault,
          description: 'Most releases of the answer',
          examples: [30],
        },
        cursor: {
          type: 'string',
          description: '`next` of the page before, as it was',
          examples: ['YmVmb3JlIDIwMjYtMTAtMjU'],
        },
      },
    },
    response: {
      200: answer(
        'A page of releases',
        {
          type: 'object',
          required: ['dataset', 'releases', 'next', 'links'],
          properties: {
            dataset: text,
            releases: {
              type: 'array',
              items: {
                type: 'object',
                required: ['day', 'rows', 'sha256', 'specification', 'publishedAt', 'links'],
                properties: {
                  day: text,
                  rows: { type: 'integer' },
                  sha256: { ...sha256, description: 'Of the manifest, which has that of every file' },
                  specification: sha256,
                  publishedAt: { type: 'string', format: 'date-time' },
                  links: releaseLinks,
                },
              },
            },
            next: { type: ['string', 'null'], description: 'Cursor of the next page; null on the last one' },
            links: { type: 'object', properties: { next: { type: ['string', 'null'] } } },
          },
        },
        {
          dataset: 'feature_usage',
          releases: [
            {
              day: '2026-11-23',
              rows: 118,
              sha256: exampleSha,
              specification: exampleSha,
              publishedAt: '2026-11-25T06:00:00.000Z',
              links: { manifest: 'https://reports.example/partner/v1/datasets/feature_usage/releases/2026-11-23' },
            },
          ],
          next: null,
          links: { next: null },
        },
      ),
      ...problemAnswers({ ...wrong, ...refused, ...notThere }),
    },
  },
  release: {
    tags,
    security,
    summary: 'A release: its manifest, or a file of it',
    description:
      'Without `format` the manifest: what the files are, how they were made, what the numbers mean. HEAD works as well.',
    params: pathOfRelease,
    querystring: {
      type: 'object',
      properties: { format: { ...formats, description: 'Which file', examples: ['parquet'] } },
    },
    headers: conditions,
    response: {
      ...fileAnswers({ 'application/json': { schema: manifest }, ...fileContent }),
      ...problemAnswers(fileRefused),
    },
  },
  dataPackage: {
    tags,
    security,
    summary: 'A release as a Frictionless Data Package',
    params: pathOfRelease,
    headers: conditions,
    response: {
      ...fileAnswers({ 'application/json': { schema: { type: 'object' } } }),
      ...problemAnswers(fileRefused),
    },
  },
  namedFile: {
    tags,
    security,
    summary: 'A file of a release, by the name that the data package gives it',
    params: {
      ...pathOfRelease,
      required: ['dataset', 'day', 'file'],
      properties: {
        ...pathOfRelease.properties,
        file: {
          type: 'string',
          description: '`<dataset>-<day>.csv`, `.ndjson`, `.parquet` or `.arrows`',
          examples: ['feature_usage-2026-11-23.csv'],
        },
      },
    },
    headers: conditions,
    response: {
      ...fileAnswers(fileContent),
      ...problemAnswers(fileRefused),
    },
  },
  makeLink: {
    tags,
    security,
    summary: 'A signed link to a file, for 15 minutes',
    description:
      'For tools that take a URL and no header. It ends with its time, with the key, and when the key is revoked.',
    params: pathOfRelease,
    querystring: {
      type: 'object',
      required: ['format'],
      properties: { format: { ...formats, description: 'Which file', examples: ['csv'] } },
    },
    response: {
      200: answer(
        'The link',
        {
          type: 'object',
          required: ['url', 'expiresAt', 'format', 'mediaType', 'bytes', 'sha256'],
          properties: {
            url: text,
            expiresAt: { type: 'string', format: 'date-time' },
            format: formats,
            mediaType: text,
            bytes: { type: 'integer' },
            sha256,
          },
        },
        {
          url: 'https://reports.example/partner/v1/files/WyJwYXJ0…',
          expiresAt: '2026-11-25T10:30:00.000Z',
          format: 'csv',
          mediaType: mediaTypes.csv,
          bytes: 8123,
          sha256: exampleSha,
        },
      ),
      ...problemAnswers({ ...wrong, ...refused, ...notThere }),
    },
  },
  linked: {
    tags,
    summary: 'The file of a signed link',
    description: 'Needs no key. A range, conditions and HEAD work as with a key.',
    params: {
      type: 'object',
      required: ['token'],
      properties: { token: { type: 'string', description: 'As the link has it', examples: ['WyJwYXJ0…'] } },
    },
    headers: conditions,
    response: {
      ...fileAnswers(fileContent),
      ...problemAnswers({
        403: 'The link is not valid, or no longer',
        412: 'If-Match names another version',
        416: 'The range starts after the end',
        429: refused[429],
        503: refused[503],
      }),
    },
  },
  ledgerHead: {
    tags,
    security,
    summary: 'Head of the disclosure ledger',
    description: 'With this access in it. `GET /privacy/ledger` has the heads of earlier days, in public.',
    response: {
      200: answer(
        'The head',
        {
          type: 'object',
          required: ['seq', 'hash', 'head'],
          properties: {
            seq: { type: 'integer' },
            hash: sha256,
            head: { type: 'string', description: 'As the header has it' },
          },
        },
        { seq: 4711, hash: exampleSha, head: `4711:${exampleSha}` },
      ),
      ...problemAnswers({ ...wrong, ...refused }),
    },
  },
}
