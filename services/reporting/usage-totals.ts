/**
 * Windows added up: a row for each combination of values. Made of what answers by window show and of nothing else, so it
 * tells nothing that they do not.
 */
import { compareValues } from './suppression-lattice.ts'
import type { UsageRow } from './usage-answer.ts'
import type { UsageRequest } from './usage-request.ts'
import type { Slice } from './usage-slice.ts'

/** Not `devices`: who is counted in two windows is one device, and nobody knows who is. */
const devicesColumn = 'devices_per_window'

export function totalColumns({ by, metrics }: UsageRequest): string[] {
  return [...by, 'windows', ...metrics.map((metric) => (metric === 'devices' ? devicesColumn : metric))]
}

interface Total {
  readonly values: readonly string[]
  windows: number
  events: number
  devices: number
}

/** Most events first, then by the values; at most `limit`. */
export function totalRows({ by, metrics, dimensions, limit }: UsageRequest, slices: readonly Slice[]): UsageRow[] {
  const positions = by.map((id) => dimensions.indexOf(id))
  const totals = new Map<string, Total>()
  for (const { shown } of slices)
    for (const { values, events, devices } of shown) {
      const key = positions.length === 1 ? values[positions[0]!]! : JSON.stringify(positions.map((at) => values[at]))
      let total = totals.get(key)
      if (!total) {
        total = { values: positions.map((at) => values[at]!), windows: 0, events: 0, devices: 0 }
        totals.set(key, total)
      }
      total.windows++
      total.events += events
      total.devices += devices
    }
  return [...totals.values()]
    .sort((a, b) => b.events - a.events || compareValues(a.values, b.values))
    .slice(0, limit)
    .map(({ values, windows, events, devices }) => [
      ...values,
      windows,
      ...metrics.map((metric) => (metric === 'events' ? events : devices / windows)),
    ])
}
