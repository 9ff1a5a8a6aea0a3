/** From cells by window to rows by value: events add up; devices do not, so their mean over the windows is told. */
import type { UsageAnswer } from './api.ts'

export interface ListRow {
  readonly value: string
  readonly events: number
  /** Mean of the windows in which the value is shown; undefined: not counted. */
  readonly devices: number | undefined
}

/** @param isOrdered by the value's first number, as buckets are; otherwise the most events first */
export function listRows(answer: UsageAnswer | undefined, hasDevices: boolean, isOrdered: boolean): ListRow[] {
  const found = new Map<string, { events: number; devices: number; windows: number }>()
  for (const [, value, events, devices] of answer?.rows ?? []) {
    const row = found.get(value as string) ?? { events: 0, devices: 0, windows: 0 }
    row.events += events as number
    row.devices += (devices as number | undefined) ?? 0
    row.windows++
    found.set(value as string, row)
  }
  const rows = [...found].map(([value, { events, devices, windows }]) => ({
    value,
    events,
    devices: hasDevices ? devices / windows : undefined,
  }))
  return rows.sort((a, b) => (isOrdered ? firstNumber(a.value) - firstNumber(b.value) : 0) || b.events - a.events)
}

/** `(none)` and `(other)` come last. */
function firstNumber(value: string): number {
  const found = /\d+/.exec(value)
  if (!found) return Number.POSITIVE_INFINITY
  return Number(found[0]) - (value.startsWith('<') ? 0.5 : 0)
}
