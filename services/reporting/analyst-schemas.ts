/** Schemas of the analyst API's routes: they make the OpenAPI description. Requests are checked by usage-request.ts. */
import type { FastifySchema } from 'fastify'
import type { Catalogue } from '../../shared/catalogue.ts'
import { grains } from '../../shared/window.ts'
import { jsonAnswer, problemAnswers } from './openapi.ts'
import { questionsMax } from './questions-max.ts'
import { rowsMax } from './usage-answer.ts'
import { limitMax, windowsMax } from './usage-request.ts'

const texts = { type: 'array', items: { type: 'string' } }
const security = [{ analystToken: [] }, { adminToken: [] }]
const unauthorized = 'The token is missing or wrong'

/** What GET /api/v1/datasets says. */
export function describeDatasets(catalogue: Catalogue, k: number): Record<string, unknown>[] {
  return catalogue.datasets.map(({ id, title, dimensions, measures, grains, audience, bySets }) => ({
    id,
    title,
    dimensions,
    measures,
    grains,
    audience,
    by: bySets,
    k,
  }))
}

export function datasetsSchema(catalogue: Catalogue, k: number): FastifySchema {
  const dataset = {
    type: 'object',
    required: ['id', 'title', 'dimensions', 'measures', 'grains', 'audience', 'by', 'k'],
    properties: {
      id: { type: 'string' },
      title: { type: 'string' },
      dimensions: texts,
      measures: texts,
      grains: { type: 'array', items: { type: 'string', enum: [...grains] } },
      audience: { type: 'string', enum: ['analysts', 'partners'] },
      by: { type: 'array', items: texts, description: 'Sets of dimensions for which devices are counted' },
      k: { type: 'integer', description: 'Cells of fewer devices are not shown' },
    },
  }
  return {
    tags: ['usage'],
    summary: 'What can be asked for',
    description: 'The datasets of the catalogue: their dimensions, measures, grains and declared sets.',
    security,
    response: {
      200: jsonAnswer(
        'The datasets',
        { type: 'object', required: ['datasets'], properties: { datasets: { type: 'array', items: dataset } } },
        { datasets: describeDatasets(catalogue, k).slice(0, 1) },
      ),
      ...problemAnswers({ 401: unauthorized }),
    },
  }
}

export function usageSchema(catalogue: Catalogue): FastifySchema {
  const dataset = catalogue.datasets[0]
  const dimension = dataset?.dimensions[0] ?? 'feature'
  const text = (description: string, example: string, more: object = {}) => ({
    type: 'string',
    description,
    examples: [example],
    ...more,
  })
  const querystring = {
    type: 'object',
    required: ['dataset'],
    properties: {
      dataset: text('Id of a dataset', dataset?.id ?? '', { enum: catalogue.datasets.map(({ id }) => id) }),
      metrics: text(
        'Comma-separated: `events`, `devices`, and measures of the dataset, which are shown as mean per report (null when no report carried one)',
        'events,devices',
        { default: 'events,devices' },
      ),
      by: text(
        'Comma-separated dimensions. With `devices` among the metrics, the dimensions of `by` and `where` together must be a declared set of the dataset (see GET /api/v1/datasets)',
        dimension,
        { default: '' },
      ),
      from: text(
        'Start of the first window, inclusive: RFC 3339, or a date (UTC). Must be the start of a window of the grain. Default: 30 windows before `to`',
        '2026-11-01',
      ),
      to: text('Windows start before it (exclusive): RFC 3339, or a date (UTC). Default: now', '2026-12-01'),
      grain: text('Length of a window; weeks are ISO weeks, from Monday. All are UTC', 'day', {
        enum: [...grains],
        default: 'day',
      }),
      where: {
        ...texts,
        description: `Only cells with this value: \`dimension:value\`, the value percent-encoded once more than the query needs if it has a \`%\`. \`dimension!:value\` for every other value: the events of the others are added up from the cells that are shown, unless the dimension is in \`by\`. May be repeated; all must hold. At most 20`,
        examples: [[`${dimension}:${catalogue.features[0]?.id ?? 'value'}`]],
      },
      totals: {
        type: 'boolean',
        default: false,
        examples: [true],
        description:
          'Add up the windows: a row for each combination of values, with the number of `windows` in which it is shown, its events there, and as `devices_per_window` the mean of its devices there. What a window leaves out is not in it. Without measures',
      },
      limit: {
        type: 'integer',
        minimum: 1,
        maximum: limitMax,
        description: 'Most rows of one window, or with `totals` of all, after suppression; those with the most events',
        examples: [10],
      },
      format: text('Form of the answer', 'json', { enum: ['json', 'csv'], default: 'json' }),
    },
  }
  return {
    tags: ['usage'],
    summary: 'Usage by window and dimensions',
    description:
      `Rows are sorted by window, then by events descending, then by the dimensions' values. A filter shows exactly the rows ` +
      `that grouping by the same dimension shows. At most ${windowsMax} windows and ${rowsMax} rows.`,
    security,
    querystring,
    response: { 200: usageAnswerSchema(dimension), ...problemAnswers(usageProblems) },
  }
}

export function usageBatchSchema(catalogue: Catalogue): FastifySchema {
  const dataset = catalogue.datasets[0]?.id ?? ''
  const line = {
    type: 'object',
    required: ['question', 'status'],
    properties: {
      question: { type: 'integer', description: 'Its place in `questions`, from 0' },
      status: { type: 'integer', description: 'As of GET /api/v1/usage' },
      answer: { type: 'object', description: 'With status 200: as of GET /api/v1/usage' },
      problem: { type: 'object', description: 'With any other: what is wrong and what to do' },
    },
  }
  return {
    tags: ['usage'],
    summary: 'Many questions at once',
    description: `Each is answered as by GET /api/v1/usage, as a line of the answer, which is sent when it is ready: not in the order of the questions. At most ${questionsMax}.`,
    security,
    body: {
      type: 'object',
      required: ['questions'],
      properties: {
        questions: {
          ...texts,
          maxItems: questionsMax,
          description: 'Queries of GET /api/v1/usage, without the question mark; JSON answers only',
        },
      },
      examples: [{ questions: [`dataset=${dataset}&grain=day`, `dataset=${dataset}&grain=month`] }],
    },
    response: {
      200: { description: 'A line for each question', content: { 'application/x-ndjson': { schema: line } } },
      ...problemAnswers({ ...usageProblems, 400: '`questions` is not a list of queries, or too long' }),
    },
  }
}

const usageProblems = {
  400: 'A parameter is not right (`invalid-request`), devices are not counted for this set of dimensions (`not-declared`), or the answer would be too large (`range-too-large`)',
  401: unauthorized,
  403: 'A shared view was asked for more than it shows',
  503: 'Too many questions at once, or shutting down; Retry-After says when to ask again',
}

function usageAnswerSchema(dimension: string): object {
  const schema = {
    type: 'object',
    required: ['columns', 'rows', 'suppressed', 'suppressed_in', 'fresh_to'],
    properties: {
      columns: {
        ...texts,
        description: '`window` (its start), the dimensions of `by`, the metrics; with `totals` as said there',
      },
      rows: { type: 'array', items: { type: 'array', items: { type: ['string', 'number', 'null'] } } },
      suppressed: {
        type: 'integer',
        description: 'Cells that were left out, or of which it is not told whether they occur',
      },
      suppressed_in: {
        type: 'array',
        items: { type: 'array', items: { type: ['string', 'integer'] } },
        description: 'The windows that they were left out of, and how many of each',
      },
      fresh_to: {
        type: ['string', 'null'],
        format: 'date-time',
        description: 'Everything accepted before this moment is counted; null when that is not known',
      },
    },
  }
  const example = {
    columns: ['window', dimension, 'events', 'devices'],
    rows: [['2026-11-23T00:00:00Z', 'dashboard', 1520, 214]],
    suppressed: 2,
    suppressed_in: [['2026-11-23T00:00:00Z', 2]],
    fresh_to: '2026-11-23T10:15:00.000Z',
  }
  return {
    description: 'The usage',
    headers: {
      'X-Headcount-Suppressed': { type: 'integer', description: 'With format=csv: cells that were left out' },
      'X-Headcount-Fresh-To': { type: 'string', description: 'With format=csv: as `fresh_to`; absent when not known' },
    },
    content: {
      'application/json': { schema, example },
      'text/csv': {
        schema: {
          type: 'string',
          description:
            'RFC 4180 with a header row. Text that a spreadsheet would take for a formula starts with an apostrophe',
        },
        example: `window,${dimension},events,devices\r\n2026-11-23T00:00:00Z,dashboard,1520,214\r\n`,
      },
    },
  }
}
