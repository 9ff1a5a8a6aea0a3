/** Pages of lists, as the protocol has them: `maxResults`, `pageToken`, `nextPageToken`. */
import { badRequest } from '../partner-api/partner-problems.ts'

/** @throws ProblemError 400 */
export function listPage<Item>(
  all: readonly Item[],
  query: Readonly<Record<string, unknown>>,
): { items: Item[]; nextPageToken?: string } {
  const { maxResults = String(all.length), pageToken } = query
  const most = typeof maxResults === 'string' && /^\d{1,9}$/.test(maxResults) ? Number(maxResults) : Number.NaN
  if (Number.isNaN(most)) throw badRequest('`maxResults` must be a whole number')
  const from = pageToken === undefined || pageToken === '' ? 0 : startOf(pageToken)
  const items = all.slice(from, from + most)
  const next = from + items.length
  // With none asked for there would be no end to the pages.
  return most > 0 && next < all.length ? { items, nextPageToken: tokenOf(next) } : { items }
}

function tokenOf(index: number): string {
  return Buffer.from(`from ${index}`).toString('base64url')
}

function startOf(token: unknown): number {
  const text = typeof token === 'string' && token.length < 50 ? Buffer.from(token, 'base64url').toString() : ''
  const [, index] = /^from (\d{1,6})$/.exec(text) ?? []
  if (index === undefined) throw badRequest('`pageToken` must be the `nextPageToken` of an answer, as it was')
  return Number(index)
}
