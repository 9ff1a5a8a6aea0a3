/**
 * A table's version is how many releases of the dataset have been published, so each publication is a version, and an
 * earlier version is its first releases in the order in which they were published.
 */
import { parseTime } from '../../../shared/rfc3339.ts'
import { badRequest } from '../partner-api/partner-problems.ts'
import type { PublishedRelease } from '../partner-api/published.ts'

export interface Snapshot {
  readonly version: number
  /** By day. */
  readonly releases: readonly PublishedRelease[]
}

/**
 * @param published all of the dataset
 * @param asked body of a query: `version`, `timestamp`, or neither for the newest
 * @throws ProblemError 400
 */
export function snapshotOf(published: readonly PublishedRelease[], asked: Readonly<Record<string, unknown>>): Snapshot {
  const ordered = byPublication(published)
  if (asked.startingVersion !== undefined || asked.endingVersion !== undefined)
    throw badRequest('Changes are not shared: a day is published once and never changes. Query the table as it is')
  if (asked.version !== undefined && asked.timestamp !== undefined)
    throw badRequest('Give `version` or `timestamp`, not both')
  if (asked.version !== undefined) return firstOf(ordered, readVersion(asked.version, ordered.length))
  if (asked.timestamp === undefined) return firstOf(ordered, ordered.length)
  const time = readTime('timestamp', asked.timestamp)
  return firstOf(ordered, ordered.filter(({ publishedAt }) => Date.parse(publishedAt) <= time).length)
}

/** The first version at or after a moment. @throws ProblemError 400 */
export function versionFrom(published: readonly PublishedRelease[], startingTimestamp: unknown): number {
  if (startingTimestamp === undefined) return published.length
  const time = readTime('startingTimestamp', startingTimestamp)
  const before = byPublication(published).filter(({ publishedAt }) => Date.parse(publishedAt) < time).length
  if (before === published.length && before > 0) throw badRequest('`startingTimestamp` is after the newest version')
  return Math.min(before + 1, published.length)
}

function byPublication(published: readonly PublishedRelease[]): PublishedRelease[] {
  const order = ({ publishedAt, day }: PublishedRelease) => `${publishedAt} ${day}`
  return [...published].sort((a, b) => (order(a) < order(b) ? -1 : 1))
}

function firstOf(ordered: readonly PublishedRelease[], version: number): Snapshot {
  const releases = ordered.slice(0, version).sort((a, b) => (a.day < b.day ? -1 : 1))
  return { version, releases }
}

function readVersion(version: unknown, newest: number): number {
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 0 || version > newest)
    throw badRequest(`\`version\` must be a whole number from 0 to ${newest}`)
  return version
}

function readTime(name: string, value: unknown): number {
  const time = typeof value === 'string' ? parseTime(value) : Number.NaN
  if (Number.isNaN(time)) throw badRequest(`\`${name}\` must be RFC 3339, as 2026-11-23T00:00:00Z`)
  return time
}
