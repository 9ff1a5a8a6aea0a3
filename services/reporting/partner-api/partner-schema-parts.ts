/** What the schemas of several partner routes are made of: types, headers, answers and what is refused. */
import { mediaTypes } from '../../release/release-files.ts'
import { releaseFormats } from '../../release/release-store.ts'
import { jsonAnswer } from '../openapi.ts'

export const security = [{ partnerKey: [] }]
export const tags = ['partner']
export const text = { type: 'string' }
export const sha256 = { type: 'string', pattern: '^[0-9a-f]{64}$' }
export const exampleSha = '6b1f0c5b1c4e7f0a2d3e4f5061728394a5b6c7d8e9f00112233445566778899a'
export const formats = { type: 'string', enum: [...releaseFormats] }

export const refused = {
  401: 'No key, or one that is not good (any more); the four cases cannot be told apart',
  429: 'Too many requests; Retry-After says when to ask again',
  503: 'The ledger or the release cannot be read now, so nothing is handed out',
}
export const notThere = {
  404: 'Not in the key’s scope, not published, or not existing: byte by byte the same answer',
}
export const wrong = { 400: 'A parameter is not right; `detail` says which' }

export const fileRefused = {
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
export const pathOfDataset = {
  type: 'object',
  required: ['dataset'],
  properties: { dataset: { type: 'string', description: 'Id of a dataset', examples: ['feature_usage'] } },
}
export const pathOfRelease = {
  type: 'object',
  required: ['dataset', 'day'],
  properties: {
    ...pathOfDataset.properties,
    day: { type: 'string', description: 'UTC day, `YYYY-MM-DD`', examples: ['2026-11-23'] },
  },
}
export const conditions = {
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
export const column = {
  type: 'object',
  required: ['name', 'type', 'title', 'nullable'],
  properties: {
    name: text,
    type: { type: 'string', enum: ['string', 'integer'] },
    title: text,
    nullable: { type: 'boolean' },
  },
}
export const releaseLinks = {
  type: 'object',
  properties: { manifest: text, dataPackage: text, files: { type: 'object', additionalProperties: text } },
}

export function answer(about: string, schema: object, example?: unknown): object {
  return { ...jsonAnswer(about, schema, example), headers: headHeader }
}

/** A file, or a part of one, or nothing where the client has it. */
export function fileAnswers(content: Record<string, object>): Record<number, object> {
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

export const fileContent = Object.fromEntries(
  releaseFormats.map((format) => [
    mediaTypes[format].split(';')[0] ?? '',
    { schema: { type: 'string', ...(format !== 'csv' && format !== 'ndjson' && { format: 'binary' }) } },
  ]),
)
export const manifest = {
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
