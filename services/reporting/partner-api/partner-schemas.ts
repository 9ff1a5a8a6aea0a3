/** Schemas of the partner routes: they make the OpenAPI description. Requests are checked by request-inputs.ts. */
import { mediaTypes } from '../../release/release-files.ts'
import { problemAnswers } from '../openapi.ts'
import { pageDefault, pageMax } from './page-of-days.ts'
import {
  answer,
  column,
  conditions,
  exampleSha,
  fileAnswers,
  fileContent,
  fileRefused,
  formats,
  manifest,
  notThere,
  pathOfDataset,
  pathOfRelease,
  refused,
  releaseLinks,
  security,
  sha256,
  tags,
  text,
  wrong,
} from './partner-schema-parts.ts'

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
