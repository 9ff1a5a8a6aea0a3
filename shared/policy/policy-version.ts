/**
 * Versions of a policy: numbers with dots or dashes between (`1`, `2.1`, `2026-11-25`), so that of two it is known which is
 * older.
 */
const form = /^\d{1,9}([.-]\d{1,9}){0,3}$/
/** Older than every version: no minimum. */
export const anyVersion = '0'

export function isPolicyVersion(value: unknown): value is string {
  return typeof value === 'string' && form.test(value)
}

/** Below zero when `a` is older than `b`, 0 when they are the same; part by part, a missing part counts as 0. */
export function comparePolicyVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split(/[.-]/).map(Number))
  for (let at = 0; at < Math.max(left!.length, right!.length); at++) {
    const difference = (left![at] ?? 0) - (right![at] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
