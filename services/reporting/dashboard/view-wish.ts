/** What somebody wants to share: a title, ranges of whole days, filters, and the page's own address for it. */
import type { Catalogue } from '../../../shared/catalogue.ts'
import { confidentialKind } from '../../../shared/confidential/detector.ts'
import { ProblemError, problem } from '../../../shared/http/problem.ts'
import { isPrintableLine } from '../../../shared/printable-line.ts'
import { sharedViewMs } from '../../../shared/retention/limits.ts'
import { dayMs } from '../../../shared/window.ts'
import { parseMoment } from '../request-time.ts'
import type { Condition } from '../usage-request.ts'

export interface DayRange {
  /** RFC 3339, the start of a day in UTC. */
  readonly from: string
  /** Exclusive. */
  readonly to: string
}

export interface ViewWish {
  readonly title: string
  /** The period, and the one it is compared with. */
  readonly ranges: readonly DayRange[]
  readonly where: readonly Condition[]
  /** The page's query string, by which it shows itself as it was. */
  readonly query: string
}

const titleMax = 100
const queryMax = 2000
const rangesMax = 2
const whereMax = 20
const valueMax = 200
const daysMax = sharedViewMs / dayMs

/** @throws ProblemError 400 that says what to mend */
export function readViewWish(body: Record<string, unknown>, catalogue: Catalogue): ViewWish & { days: number } {
  const { title = '', ranges, where = [], query = '', days = 30 } = body
  if (!Array.isArray(ranges) || ranges.length === 0 || ranges.length > rangesMax)
    throw invalid('`ranges` must be one or two of {"from":"YYYY-MM-DD","to":"YYYY-MM-DD"}')
  if (!Array.isArray(where) || where.length > whereMax) throw invalid(`\`where\` must be at most ${whereMax} filters`)
  if (typeof days !== 'number' || !Number.isInteger(days) || days < 1 || days > daysMax)
    throw invalid(`\`days\` must be a whole number from 1 to ${daysMax}: so long the link works`)
  return {
    title: readText('title', title, titleMax),
    ranges: ranges.map(readRange),
    where: where.map((one) => readFilter(one, catalogue)),
    query: readText('query', query, queryMax, false),
    days,
  }
}

/** Printable, on one line, and nothing that identifies somebody. */
export function readText(name: string, text: unknown, max: number, guarded = true): string {
  if (typeof text !== 'string' || text.length > max || !isPrintableLine(text))
    throw invalid(`\`${name}\` must be at most ${max} printable characters on one line`)
  if (guarded && confidentialKind(text) !== undefined)
    throw invalid(`\`${name}\` looks like something confidential; say it in other words`)
  return text.trim()
}

function readRange(range: unknown): DayRange {
  const { from, to } = Object(range) as Record<string, unknown>
  const [start, end] = [from, to].map((one) => (typeof one === 'string' ? parseMoment(one) : Number.NaN))
  if (start === undefined || end === undefined || Number.isNaN(start) || Number.isNaN(end) || start >= end)
    throw invalid('a range needs `from` before `to`, each a date')
  if (start % dayMs !== 0 || end % dayMs !== 0) throw invalid('a range must be of whole days in UTC')
  return { from: new Date(start).toISOString(), to: new Date(end).toISOString() }
}

function readFilter(filter: unknown, catalogue: Catalogue): Condition {
  const { dimension, value, isNot = false } = Object(filter) as Record<string, unknown>
  const isKnown = catalogue.dimensions.some(({ id }) => id === dimension)
  if (!isKnown || typeof value !== 'string' || value.length > valueMax || typeof isNot !== 'boolean')
    throw invalid('a filter is {"dimension":…,"value":…,"isNot":false} with a dimension of the catalogue')
  return { dimension: dimension as string, value, isNot }
}

export function invalid(detail: string): ProblemError {
  const sentence = `${detail[0]?.toUpperCase()}${detail.slice(1)}.`
  return new ProblemError(problem(400, 'invalid-request', 'This is not right', sentence))
}
