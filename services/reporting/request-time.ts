/** Times in a request's `from` and `to`, and how they fall on windows. */

import { parseTime } from '../../shared/rfc3339.ts'
import { type Grain, grains, windowEnd, windowStart } from '../../shared/window.ts'

/** What the warehouse's DateTime can hold. */
const firstMomentTooLate = Date.UTC(2106, 0, 1)

/** RFC 3339, or a date (its first moment, UTC), in ms since the Unix epoch; NaN for anything else. */
export function parseMoment(text: string): number {
  // A plus sign that was not percent-encoded arrives as a space.
  const time = parseTime(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text.replace(/ (\d\d:\d\d)$/, '+$1'))
  return time < firstMomentTooLate ? time : Number.NaN
}

/** `2026-11-23T00:00:00Z`: whole seconds, as windows start on them. */
export function formatMoment(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`
}

/** The start of the window that is `count` windows before the one that starts at `start`; never before 1970. */
export function windowsBefore(grain: Grain, start: number, count: number): number {
  let at = start
  for (let left = count; left > 0 && at > 0; left--) at = windowStart(grain, at - 1)
  return Math.max(at, firstWindow(grain))
}

/** How many windows start in [from, to); counting stops above `max`. `from` is the start of one. */
export function countWindows(grain: Grain, from: number, to: number, max: number): number {
  let count = 0
  for (let at = from; at < to && count <= max; at = windowEnd(grain, at)) count++
  return count
}

export function isGrain(text: string): text is Grain {
  return (grains as readonly string[]).includes(text)
}

/** 1970-01-01 was a Thursday: the first whole ISO week starts on the 5th. */
function firstWindow(grain: Grain): number {
  return grain === 'week' ? windowEnd('week', 0) : 0
}
