/**
 * Marks by which an event says something about whoever sent it: that it comes from a child, or that its operator has
 * telemetry switched off (DC/OS: `telemetry_enabled: 'false'` in config.yaml, hence also as text).
 */

/** `child`: of somebody under 13. `telemetry-off`: not to be counted. */
export type Mark = 'child' | 'telemetry-off'

export const childAgeBelow = 13

const childMarks: ReadonlySet<string> = new Set(['child', 'under13', 'under_13'])
const on: ReadonlySet<unknown> = new Set([true, 1, 'true', '1', 'yes', 'on'])
const off: ReadonlySet<unknown> = new Set([false, 0, 'false', '0', 'no', 'off'])

/** Names of the members that can be marks. */
export const markNames: ReadonlySet<string> = new Set([...childMarks, 'age', 'telemetry_enabled'])

/** What one member says. @param name one of `markNames` */
export function markOf(name: string, value: unknown): Mark | undefined {
  if (name === 'telemetry_enabled') return off.has(lower(value)) ? 'telemetry-off' : undefined
  if (name === 'age') return isChildAge(value) ? 'child' : undefined
  return childMarks.has(name) && on.has(lower(value)) ? 'child' : undefined
}

/**
 * What an object's own members say together; that it comes from a child goes before everything else.
 * @param declared fields of the catalogue: such a name means what the catalogue says, and is no mark
 */
export function markIn(
  members: Readonly<Record<string, unknown>>,
  declared?: ReadonlyMap<string, unknown>,
): Mark | undefined {
  let found: Mark | undefined
  for (const name of markNames) {
    if (!Object.hasOwn(members, name) || declared?.has(name)) continue
    const mark = markOf(name, members[name])
    if (mark === 'child') return mark
    found ??= mark
  }
  return found
}

function lower(value: unknown): unknown {
  return typeof value === 'string' ? value.trim().toLowerCase() : value
}

/** A number, or a text that is one; text that is none says nothing. */
function isChildAge(value: unknown): boolean {
  const age = typeof value === 'string' && /^\s*\d{1,3}(\.\d*)?\s*$/.test(value) ? Number(value) : value
  return typeof age === 'number' && age >= 0 && age < childAgeBelow
}
