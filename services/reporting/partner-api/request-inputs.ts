/** What partner requests carry, checked before anything is looked up: the answer to a wrong one depends on itself alone. */
import { type ReleaseFormat, releaseFormats } from '../../release/release-store.ts'
import { badRequest } from './partner-problems.ts'

export type Query = Readonly<Record<string, unknown>>

/** @throws ProblemError 400 for a parameter that the route does not have, or one given twice */
export function onlyParameters(query: unknown, ...known: string[]): Query {
  const given = (query ?? {}) as Query
  for (const [name, value] of Object.entries(given)) {
    if (!known.includes(name)) throw badRequest('There is a parameter that this path does not have', known)
    if (typeof value !== 'string') throw badRequest(`\`${name}\` is given more than once; give it once`)
  }
  return given
}

/** @throws ProblemError 400 */
export function readFormat(format: unknown): ReleaseFormat {
  const found = releaseFormats.find((one) => one === format)
  if (!found) throw badRequest('`format` must be one of the formats of a release', releaseFormats)
  return found
}
