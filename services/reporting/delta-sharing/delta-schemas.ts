/** Schemas of the Delta Sharing routes: they make the OpenAPI description. */
import { jsonAnswer } from '../openapi.ts'
import { schemaName, shareName } from './delta-names.ts'

const security = [{ partnerKey: [] }]
const tags = ['delta-sharing']
const text = { type: 'string' }

const share = { type: 'string', description: `\`${shareName}\``, examples: [shareName] }
const schema = { type: 'string', description: `\`${schemaName}\``, examples: [schemaName] }
const table = { type: 'string', description: 'Id of a dataset', examples: ['feature_usage'] }
const pathOf = (properties: object) => ({ type: 'object', required: Object.keys(properties), properties })

const paging = {
  type: 'object',
  properties: {
    maxResults: { type: 'integer', minimum: 0, description: 'Most items', examples: [10] },
    pageToken: { type: 'string', description: '`nextPageToken` of the page before', examples: ['ZnJvbSAxMA'] },
  },
}

const errors = (about: Record<number, string>) =>
  Object.fromEntries(
    Object.entries(about).map(([status, description]) => [
      status,
      {
        description,
        content: {
          'application/json': {
            schema: {
              type: 'object',
              required: ['errorCode', 'message'],
              properties: { errorCode: text, message: text },
            },
            example: {
              errorCode: 'RESOURCE_DOES_NOT_EXIST',
              message: 'There is no such share, schema or table for this key.',
            },
          },
        },
      },
    ]),
  )
const refused = errors({
  400: 'A parameter is not right',
  401: 'No key, or one that is not good (any more)',
  404: 'Not in the key’s scope, or not existing: the same answer',
  429: 'Too many requests; Retry-After says when to ask again',
  503: 'The ledger cannot be written now, so nothing is handed out',
})

function list(about: string, item: object, example: object): object {
  return jsonAnswer(
    about,
    {
      type: 'object',
      required: ['items'],
      properties: { items: { type: 'array', items: item }, nextPageToken: text },
    },
    { items: [example] },
  )
}

const tableItem = { type: 'object', properties: { name: text, schema: text, share: text, shareId: text } }
const exampleTable = { name: 'feature_usage', schema: schemaName, share: shareName, shareId: shareName }
const versionHeader = {
  'Delta-Table-Version': { type: 'integer', description: 'How many releases of the dataset have been published' },
}
const lines = (about: string, example: string) => ({
  description: about,
  headers: versionHeader,
  content: { 'application/x-ndjson': { schema: { type: 'string', description: 'A JSON object a line' }, example } },
})
const metadataExample = `{"protocol":{"minReaderVersion":1}}\n{"metaData":{"id":"…","name":"feature_usage","format":{"provider":"parquet"},"schemaString":"…","partitionColumns":["day"]}}\n`

export const deltaSchemas = {
  shares: {
    tags,
    security,
    summary: 'The share',
    querystring: paging,
    response: {
      200: list(
        'The shares',
        { type: 'object', properties: { name: text, id: text } },
        { name: shareName, id: shareName },
      ),
      ...refused,
    },
  },
  share: {
    tags,
    security,
    summary: 'A share',
    params: pathOf({ share }),
    response: {
      200: jsonAnswer(
        'The share',
        { type: 'object', properties: { share: { type: 'object' } } },
        { share: { name: shareName, id: shareName } },
      ),
      ...refused,
    },
  },
  schemas: {
    tags,
    security,
    summary: 'The schema',
    params: pathOf({ share }),
    querystring: paging,
    response: {
      200: list(
        'The schemas',
        { type: 'object', properties: { name: text, share: text } },
        { name: schemaName, share: shareName },
      ),
      ...refused,
    },
  },
  tables: {
    tags,
    security,
    summary: 'Tables of the schema: the datasets of the key',
    params: pathOf({ share, schema }),
    querystring: paging,
    response: { 200: list('The tables', tableItem, exampleTable), ...refused },
  },
  allTables: {
    tags,
    security,
    summary: 'Tables of the share: the datasets of the key',
    params: pathOf({ share }),
    querystring: paging,
    response: { 200: list('The tables', tableItem, exampleTable), ...refused },
  },
  version: {
    tags,
    security,
    summary: 'Version of a table',
    params: pathOf({ share, schema, table }),
    querystring: {
      type: 'object',
      properties: {
        startingTimestamp: {
          type: 'string',
          description: 'The first version at or after it; RFC 3339',
          examples: ['2026-11-23T00:00:00Z'],
        },
      },
    },
    response: { 200: { description: 'In the header', headers: versionHeader }, ...refused },
  },
  metadata: {
    tags,
    security,
    summary: 'Schema of a table',
    params: pathOf({ share, schema, table }),
    response: { 200: lines('Protocol and metadata', metadataExample), ...refused },
  },
  query: {
    tags,
    security,
    summary: 'Files of a table, as links for 15 minutes',
    description:
      'A file for each published day. Predicates are taken and not used; `limitHint` leaves out files that are not needed.',
    params: pathOf({ share, schema, table }),
    body: {
      type: 'object',
      properties: {
        predicateHints: { type: 'array', items: text },
        jsonPredicateHints: text,
        limitHint: { type: 'integer' },
        version: { type: 'integer', description: 'The table as it was after so many releases' },
        timestamp: { type: 'string', description: 'The table as it was then; RFC 3339' },
      },
      examples: [{ limitHint: 1000 }],
    },
    response: {
      200: lines(
        'Protocol, metadata, and a line for each file',
        `${metadataExample}{"file":{"url":"https://reports.example/partner/v1/files/…","id":"…","partitionValues":{"day":"2026-11-23"},"size":5210}}\n`,
      ),
      ...refused,
    },
  },
}
