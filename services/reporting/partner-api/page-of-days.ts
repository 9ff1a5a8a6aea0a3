/** Lists by day, newest first, in pages. The cursor names a day, so pages stay right while newer days appear. */
import { badRequest } from './partner-problems.ts'

export interface PageRequest {
  readonly limit: number
  /** Only days before this one, `YYYY-MM-DD`. */
  readonly before: string | undefined
}

export const pageDefault = 50
export const pageMax = 500

/** @throws ProblemError 400 */
export function readPageRequest(query: Readonly<Record<string, unknown>>): PageRequest {
  const { limit = String(pageDefault), cursor } = query
  const count = typeof limit === 'string' && /^\d{1,4}$/.test(limit) ? Number(limit) : 0
  if (count < 1 || count > pageMax) throw badRequest(`\`limit\` must be a whole number from 1 to ${pageMax}`)
  return { limit: count, before: cursor === undefined ? undefined : dayOfCursor(cursor) }
}

/** @param all by day, oldest first; several entries of one day stay together on a page */
export function pageOf<Entry extends { day: string }>(
  all: readonly Entry[],
  { limit, before }: PageRequest,
): { entries: Entry[]; next: string | null } {
  const older = before === undefined ? all : all.filter(({ day }) => day < before)
  const days = [...new Set(older.map(({ day }) => day))]
  const first = days.at(-limit) ?? ''
  const entries = older.filter(({ day }) => day >= first).reverse()
  return { entries, next: days.length > limit ? cursorOf(first) : null }
}

function cursorOf(day: string): string {
  return Buffer.from(`before ${day}`).toString('base64url')
}

function dayOfCursor(cursor: unknown): string {
  const text = typeof cursor === 'string' && cursor.length < 100 ? Buffer.from(cursor, 'base64url').toString() : ''
  const [, day] = /^before (\d{4}-\d\d-\d\d)$/.exec(text) ?? []
  if (day === undefined) throw badRequest('`cursor` must be the `next` of an answer, as it was')
  return day
}
