/** Schemas of the dashboard's routes: they make their part of the OpenAPI description. */
import { jsonAnswer, problemAnswers } from '../openapi.ts'

const tags = ['dashboard']
const security = [{ analystToken: [] }, { adminToken: [] }]
const text = { type: 'string' }
const time = { type: 'string', format: 'date-time' }
const refusals = { 401: 'Nobody that is known', 403: 'A shared view may not, or the request comes from another page' }
const wrong = { ...refusals, 400: 'Something is not right; `detail` says what and how to mend it' }
const gone = { 204: { description: 'It is gone, or never was', type: 'null' }, ...problemAnswers(refusals) }

const annotation = { type: 'object', required: ['id', 'day', 'text'], properties: { id: text, day: text, text } }
const exampleNote = { id: '2026-11-20-5d0c2a71e9b4', day: '2026-11-20', text: 'DC/OS 2.2 released' }

const condition = {
  type: 'object',
  required: ['dimension', 'value'],
  properties: { dimension: text, value: text, isNot: { type: 'boolean' } },
}
const range = { type: 'object', required: ['from', 'to'], properties: { from: text, to: text } }
const view = {
  type: 'object',
  required: ['id', 'title', 'ranges', 'where', 'query', 'madeAt', 'until'],
  properties: {
    ...{ id: text, title: text, query: text, madeAt: time, until: time },
    ranges: { type: 'array', items: range },
    where: { type: 'array', items: condition },
  },
}
const exampleView = {
  id: 'q0n9l1cQ3oY6sD0bW7mB2kZ8xV5tR4uE',
  title: 'Versions in October',
  ranges: [{ from: '2026-10-01T00:00:00.000Z', to: '2026-11-01T00:00:00.000Z' }],
  where: [{ dimension: 'feature', value: 'dashboard', isNot: false }],
  query: 'period=month&to=2026-11-01&f=feature:dashboard',
  madeAt: '2026-11-25T10:15:00.000Z',
  until: '2026-12-25T10:15:00.000Z',
}
const list = (name: string, items: object, example: unknown, about: string) =>
  jsonAnswer(
    about,
    { type: 'object', required: [name], properties: { [name]: { type: 'array', items } } },
    { [name]: [example] },
  )

const demo = {
  type: 'object',
  required: ['state', 'elapsedSeconds', 'totalSeconds', 'sent', 'accepted'],
  properties: {
    state: { type: 'string', enum: ['none', 'running', 'done', 'failed'] },
    begun: time,
    ...{ elapsedSeconds: { type: 'integer' }, totalSeconds: { type: 'integer' } },
    ...{ sent: { type: 'integer' }, accepted: { type: 'integer' } },
    verdict: text,
  },
}
const exampleDemo = {
  state: 'running',
  begun: '2026-11-25T10:15:00.000Z',
  ...{ elapsedSeconds: 3, totalSeconds: 10, sent: 640, accepted: 630 },
}
const notHere = 'There is no demo in this process'

export const dashboardSchemas = {
  demo: {
    tags,
    summary: 'How far the demo is',
    security,
    response: { 200: jsonAnswer('Its state', demo, exampleDemo), ...problemAnswers({ ...refusals, 501: notHere }) },
  },
  startDemo: {
    tags,
    summary: 'Start the demo',
    description:
      'An admin may, once, while nothing has been counted and there are no partners: a simulated fleet sends for ten seconds. ' +
      'What it sends is counted like anything else, and stays.',
    security: [{ adminToken: [] }],
    response: {
      202: jsonAnswer('It has begun', demo, exampleDemo),
      ...problemAnswers({ ...refusals, 409: 'Not here, or not any more; `detail` says why', 501: notHere }),
    },
  },
  partnerAccess: {
    tags,
    summary: 'Who reads releases',
    description: 'To analysts how many partners there are; to admins each, and when it last read. Never a key.',
    security,
    response: {
      200: jsonAnswer('Partners', {
        type: 'object',
        required: ['counts'],
        properties: {
          counts: { type: 'object', additionalProperties: { type: 'integer' } },
          partners: { type: 'array', items: { type: 'object' } },
        },
      }),
      ...problemAnswers({ ...refusals, 503: 'The ledger cannot be read now, or does not verify' }),
    },
  },
  model: {
    tags,
    summary: 'What the dashboard can show',
    description: 'Datasets, dimensions and measures of the catalogue with their titles, and who asks.',
    security,
    response: { 200: jsonAnswer('The model', { type: 'object' }), ...problemAnswers({ 401: refusals[401] }) },
  },
  quality: {
    tags,
    summary: 'How complete the counts are',
    description:
      'How fresh the tables are, what of the last 30 days could not be read, and what was not counted since this process began, ' +
      'by reason; no value of it. Workers and collectors that are processes of their own tell theirs by `/metrics`.',
    security,
    response: {
      200: jsonAnswer('Freshness and quarantine', {
        type: 'object',
        required: ['fresh_to', 'lag_seconds', 'quarantined', 'since', 'not_counted'],
        properties: {
          since: time,
          not_counted: {
            type: 'array',
            items: {
              type: 'object',
              required: ['where', 'reason', 'means', 'isIntended', 'events'],
              properties: {
                where: { type: 'string', enum: ['door', 'worker'] },
                reason: text,
                means: text,
                isIntended: { type: 'boolean' },
                events: { type: 'integer' },
              },
            },
          },
          fresh_to: { type: ['string', 'null'], format: 'date-time' },
          lag_seconds: { type: ['number', 'null'] },
          quarantined: {
            type: 'array',
            items: {
              type: 'object',
              required: ['reason', 'shape', 'events'],
              properties: { reason: text, shape: text, events: { type: 'integer' } },
            },
          },
        },
      }),
      ...problemAnswers(refusals),
    },
  },
  preview: {
    tags,
    summary: 'The largest rows of a published release',
    description:
      'At most 20, with the half width of the interval that the noise makes; what partners get, for analysts to look at.',
    security,
    response: {
      200: jsonAnswer('The rows', {
        type: 'object',
        required: ['day', 'dataset', 'publishedAt', 'rows', 'shown'],
        properties: {
          ...{ day: text, dataset: text, publishedAt: time, rows: { type: 'integer' } },
          shown: {
            type: 'array',
            items: {
              type: 'object',
              required: ['level', 'values', 'devices', 'halfWidth95', 'flags'],
              properties: {
                level: text,
                values: { type: 'object', additionalProperties: { type: ['string', 'null'] } },
                devices: { type: 'integer' },
                halfWidth95: { type: 'integer' },
                flags: text,
              },
            },
          },
        },
      }),
      ...problemAnswers({
        ...refusals,
        404: 'Nothing is published of that day and dataset',
        503: 'It cannot be read now',
      }),
    },
  },
  annotations: {
    tags,
    summary: 'Notes on the charts',
    security,
    response: {
      200: list('annotations', annotation, exampleNote, 'All, by day'),
      ...problemAnswers({ 401: refusals[401] }),
    },
  },
  annotate: {
    tags,
    summary: 'Put a note at a day',
    description:
      'With `{"day":"2026-11-20","text":"DC/OS 2.2 released"}`; at most 140 characters, nothing confidential.',
    security,
    response: { 201: jsonAnswer('The note', annotation, exampleNote), ...problemAnswers(wrong) },
  },
  unannotate: { tags, summary: 'Delete a note', security, response: gone },
  shares: {
    tags,
    summary: 'Views that are shared',
    description: '`open_from` is the first day that cannot be shared yet: it still changes.',
    security,
    response: {
      200: jsonAnswer(
        'All that still work, newest first',
        {
          type: 'object',
          required: ['shares', 'open_from'],
          properties: { shares: { type: 'array', items: view }, open_from: { type: 'string', format: 'date' } },
        },
        { shares: [exampleView], open_from: '2026-11-24' },
      ),
      ...problemAnswers(refusals),
    },
  },
  share: {
    tags,
    summary: 'Share a view of closed days',
    description:
      'With `title`, `ranges` (one or two of whole days), `where` (filters), `query` (the page’s own address) and `days` (how long the link works, at most 365). ' +
      'Whoever has the key may ask for usage by day within these ranges and filters, under the same suppression, and for nothing else: `Headcount-View: <key>`.',
    security,
    response: {
      201: jsonAnswer(
        'The view, and its key, this once',
        { ...view, required: [...view.required, 'key'], properties: { ...view.properties, key: text } },
        { ...exampleView, key: 'Ew1d…' },
      ),
      ...problemAnswers({ ...wrong, 409: 'A day of it is not closed yet, or there are too many views' }),
    },
  },
  unshare: { tags, summary: 'Revoke a shared view', security, response: gone },
}
