/** The parameters of GET /api/v1/usage as a request that can be carried out, or a problem that says what to mend. */
import { type Catalogue, type Dataset, findDataset, isDeclaredBySet } from '../../shared/catalogue.ts'
import { saidBack } from '../../shared/confidential/said-back.ts'
import { ProblemError, problem } from '../../shared/http/problem.ts'
import { type Grain, windowEnd, windowStart } from '../../shared/window.ts'
import { countWindows, formatMoment, isGrain, parseMoment, windowsBefore } from './request-time.ts'

export interface Condition {
  readonly dimension: string
  readonly value: string
  /** Every other value than this. */
  readonly isNot: boolean
}

export interface UsageRequest {
  readonly dataset: Dataset
  /** `events`, `devices` or a measure of the dataset, in the order asked for. */
  readonly metrics: readonly string[]
  /** Dimensions in the order asked for. */
  readonly by: readonly string[]
  readonly where: readonly Condition[]
  /** All dimensions of `by` and `where`, in the dataset's order: the table that the answer is a slice of. */
  readonly dimensions: readonly string[]
  readonly grain: Grain
  /** Start of the first window; ms since the Unix epoch. */
  readonly from: number
  /** Windows start before it; ms since the Unix epoch. */
  readonly to: number
  /** Windows are added up. */
  readonly isTotals: boolean
  /** Most rows of a window, or of all where they are added up. */
  readonly limit: number | undefined
  readonly format: 'json' | 'csv'
}

export const windowsMax = 10_000
export const limitMax = 10_000
const defaultWindows = 30
const whereMax = 20
const valueLengthMax = 200
const parameters = ['dataset', 'metrics', 'by', 'from', 'to', 'grain', 'where', 'totals', 'limit', 'format'] as const

type Query = Readonly<Record<string, string | string[] | undefined>>

/**
 * @param query decoded parameters; one that was given several times is a list
 * @param now ms since the Unix epoch
 * @throws ProblemError 400
 */
export function parseUsageRequest(query: Query, catalogue: Catalogue, now: number): UsageRequest {
  for (const name of Object.keys(query)) {
    if (!(parameters as readonly string[]).includes(name)) throw unknown('parameter', name, parameters)
    if (name !== 'where' && Array.isArray(query[name]))
      throw invalid(`\`${name}\` is given more than once; give it once`)
  }
  const given = (name: (typeof parameters)[number]): string | undefined => query[name] as string | undefined
  const dataset = parseDataset(given('dataset'), catalogue)
  const metrics = parseNames('metrics', given('metrics') ?? 'events,devices', [
    'events',
    'devices',
    ...dataset.measures,
  ])
  if (metrics.length === 0) throw invalid('`metrics` is empty; leave it out for events,devices')
  const by = parseNames('by', given('by') ?? '', dataset.dimensions)
  const where = [query.where ?? []].flat().map((text) => parseWhere(text, dataset))
  if (where.length > whereMax) throw invalid(`\`where\` may be given at most ${whereMax} times`)
  const used = new Set([...by, ...where.map(({ dimension }) => dimension)])
  const dimensions = dataset.dimensions.filter((id) => used.has(id))
  if (metrics.includes('devices') && !isDeclaredBySet(dataset, dimensions)) throw notDeclared(dataset, dimensions)
  const rest = where.find(({ dimension, isNot }) => isNot && !by.includes(dimension))
  const notAdded = metrics.filter((metric) => metric !== 'events')
  if (rest && notAdded.length > 0) throw notAddable(rest, notAdded)
  const grain = parseGrain(given('grain') ?? defaultGrain(dataset), dataset)
  return {
    dataset,
    metrics,
    by,
    where,
    dimensions,
    grain,
    ...parseRange(given('from'), given('to'), grain, now),
    isTotals: parseTotals(given('totals'), metrics),
    limit: parseLimit(given('limit')),
    format: parseFormat(given('format') ?? 'json'),
  }
}

/** Whether a cell of the table over the request's dimensions meets all its conditions. */
export function conditionsOf({ where, dimensions }: UsageRequest): (values: readonly string[]) => boolean {
  const conditions = where.map(({ dimension, value, isNot }) => ({ at: dimensions.indexOf(dimension), value, isNot }))
  return (values) => conditions.every(({ at, value, isNot }) => (values[at] === value) !== isNot)
}

function parseDataset(id: string | undefined, catalogue: Catalogue): Dataset {
  const ids = catalogue.datasets.map((dataset) => dataset.id)
  if (id === undefined) throw invalid(`\`dataset\` is required: one of ${ids.join(', ')}`, ids)
  const dataset = findDataset(catalogue, id)
  if (!dataset) throw unknown('dataset', id, ids)
  return dataset
}

/** A comma-separated list of distinct known names. */
function parseNames(parameter: 'metrics' | 'by', text: string, known: readonly string[]): string[] {
  const names = text === '' ? [] : text.split(',')
  for (const name of names)
    if (!known.includes(name)) throw unknown(parameter === 'by' ? 'dimension' : 'metric', name, known)
  if (new Set(names).size < names.length) throw invalid(`\`${parameter}\` names something twice`)
  return names
}

/** `dimension:value` or `dimension!:value`; the value is percent-encoded once more than the query, so that it can hold anything. */
function parseWhere(text: string, dataset: Dataset): Condition {
  const colon = text.indexOf(':')
  if (colon < 0)
    throw invalid(
      '`where` must be dimension:value, for example where=feature:dashboard, or dimension!:value for all others',
      dataset.dimensions,
    )
  const isNot = text[colon - 1] === '!'
  const dimension = text.slice(0, isNot ? colon - 1 : colon)
  if (!dataset.dimensions.includes(dimension)) throw unknown('dimension', dimension, dataset.dimensions)
  let value: string
  try {
    value = decodeURIComponent(text.slice(colon + 1))
  } catch {
    throw invalid(
      `the value of \`where=${dimension}:…\` has a % that starts no percent-encoded byte; write it as %2525`,
    )
  }
  if (value.length > valueLengthMax) throw invalid(`a value of \`where\` has at most ${valueLengthMax} characters`)
  return { dimension, value, isNot }
}

function defaultGrain(dataset: Dataset): Grain {
  return dataset.grains.includes('day') ? 'day' : dataset.grains[0]!
}

function parseGrain(text: string, dataset: Dataset): Grain {
  if (!isGrain(text) || !dataset.grains.includes(text)) throw unknown('grain', text, dataset.grains)
  return text
}

function parseRange(fromText: string | undefined, toText: string | undefined, grain: Grain, now: number) {
  const to = toText === undefined ? now : parseMoment(toText)
  if (Number.isNaN(to)) throw invalid(timeMend('to'))
  const from =
    fromText === undefined
      ? windowsBefore(grain, windowStart(grain, Math.max(to - 1, 0)), defaultWindows - 1)
      : parseMoment(fromText)
  if (Number.isNaN(from)) throw invalid(timeMend('from'))
  const before = windowStart(grain, from)
  if (before !== from) {
    const nearest = [before, windowEnd(grain, before)].filter((time) => time >= 0).map(formatMoment)
    throw invalid(`\`from\` is not the start of a ${grain}; the nearest are ${nearest.join(' and ')}`, nearest)
  }
  if (from >= to)
    throw invalid(`\`from\` (${formatMoment(from)}) must be before \`to\` (${formatMoment(to)}, exclusive)`)
  if (countWindows(grain, from, to, windowsMax) > windowsMax)
    throw tooMuch(`The range has more than ${windowsMax} windows. Take a later \`from\`, or a coarser grain.`)
  return { from, to }
}

function timeMend(name: string): string {
  return `\`${name}\` must be RFC 3339 or a date, from 1970 to 2105, for example 2026-11-23T00:00:00Z or 2026-11-23`
}

function parseLimit(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const limit = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (limit < 1 || limit > limitMax) throw invalid(`\`limit\` must be a whole number from 1 to ${limitMax}`)
  return limit
}

/** Of all windows there are no means, as it is not told of how many reports each window's are. */
function parseTotals(text: string | undefined, metrics: readonly string[]): boolean {
  if (text === undefined || text === 'false') return false
  if (text !== 'true') throw unknown('value of `totals`', text, ['true', 'false'])
  const means = metrics.filter((metric) => metric !== 'events' && metric !== 'devices')
  if (means.length > 0)
    throw invalid(
      `\`totals=true\` adds up windows, and ${means.join(' and ')} cannot be added up; leave one of them out`,
    )
  return true
}

function parseFormat(text: string): 'json' | 'csv' {
  if (text !== 'json' && text !== 'csv') throw unknown('format', text, ['json', 'csv'])
  return text
}

function unknown(what: string, name: string, valid: readonly string[]): ProblemError {
  return invalid(`there is no ${what} ${saidBack(name)} here; there is ${valid.join(', ')}`, valid)
}

/** @param detail without the full stop  @param valid what would be right, where that is a short list */
export function invalid(detail: string, valid?: readonly string[]): ProblemError {
  const sentence = `${detail[0]?.toUpperCase()}${detail.slice(1)}.`
  return new ProblemError(problem(400, 'invalid-request', 'A parameter is not right', sentence, valid ? { valid } : {}))
}

/** The answer would be larger than one may be. @param detail how to ask for less */
export function tooMuch(detail: string): ProblemError {
  return new ProblemError(problem(400, 'range-too-large', 'This is too much for one answer', detail))
}

function notDeclared(dataset: Dataset, dimensions: readonly string[]): ProblemError {
  const sets = dataset.bySets.map((set) => (set.length === 0 ? '(none)' : set.join(',')))
  return new ProblemError(
    problem(
      400,
      'not-declared',
      'Devices are not counted for this set of dimensions',
      `Devices of ${dataset.id} are counted for the sets ${sets.map((set) => `[${set}]`).join(' ')}; by and where together ` +
        `ask for [${dimensions.join(',')}]. Ask for one of these, or leave devices out: metrics=events.`,
      { declared: dataset.bySets },
    ),
  )
}

/** Of all cells but some the events add up; devices and means do not, as a device can be in several cells. */
function notAddable({ dimension }: Condition, metrics: readonly string[]): ProblemError {
  return invalid(
    `\`where=${dimension}!:…\` adds up the other values, and ${metrics.join(' and ')} cannot be added up; put ${dimension} in \`by\`, or ask for metrics=events`,
  )
}
