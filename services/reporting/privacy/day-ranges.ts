import { dayMs } from '../../../shared/window.ts'

/** Days (`YYYY-MM-DD`, in any order) as stretches without a gap, newest first: `[["2026-11-01", "2026-11-03"], …]`. */
export function dayRanges(days: Iterable<string>): [from: string, to: string][] {
  const ranges: [string, string][] = []
  for (const day of [...days].sort().reverse()) {
    const last = ranges.at(-1)
    if (last && Date.parse(last[0]) - Date.parse(day) === dayMs) last[0] = day
    else ranges.push([day, day])
  }
  return ranges
}
