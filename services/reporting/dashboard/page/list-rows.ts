/** The rows of a list: a dimension's values with their events of the whole period. */
import type { UsageAnswer } from './api.ts'

export interface ListRow {
  readonly value: string
  readonly events: number
  /** Mean of the windows in which the value is shown; undefined: not counted. */
  readonly devices: number | undefined
}

/**
 * @param answer with totals, by one dimension: the most events first
 * @param isOrdered by the value's first number, as buckets are
 */
export function listRows(answer: UsageAnswer | undefined, isOrdered: boolean): ListRow[] {
  const rows = (answer?.rows ?? []).map(([value, , events, devices]) => ({
    value: value as string,
    events: events as number,
    devices: devices as number | undefined,
  }))
  return isOrdered ? rows.sort((a, b) => firstNumber(a.value) - firstNumber(b.value)) : rows
}

/** `(none)` and `(other)` come last. */
function firstNumber(value: string): number {
  const found = /\d+/.exec(value)
  if (!found) return Number.POSITIVE_INFINITY
  return Number(found[0]) - (value.startsWith('<') ? 0.5 : 0)
}
