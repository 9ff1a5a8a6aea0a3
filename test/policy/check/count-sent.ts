/** Counts what a test has sent, with nothing of Headcount's: windows by cutting the time's text, uniques by sets. */
import type { SentEvent } from './send-hours.ts'

export const grains = ['minute', 'hour', 'day', 'week', 'month'] as const
export type Grain = (typeof grains)[number]
/** `[events, devices]` by the start of a window, to the minute, and the values, with blanks between. */
export type Counts = Record<string, [events: number, devices: number]>

const versions = new Set(['2.0', '2.1.0', '2.1.0-beta2'])
const features = new Set(['dashboard', 'services', 'jobs', 'mesos_track'])

export function countSent(sent: readonly SentEvent[], grain: Grain, by: readonly ('feature' | 'version')[]): Counts {
  const cells = new Map<string, { events: number; units: Set<string> }>()
  const seen = new Set<string>()
  for (const event of sent) {
    if (event.isLate || seen.has(idOf(event))) continue
    seen.add(idOf(event))
    const values = { feature: feature(event), version: version(event) }
    const key = [window(grain, event.time), ...by.map((dimension) => values[dimension])].join(' ')
    const cell = cells.get(key) ?? { events: 0, units: new Set() }
    cells.set(key, cell)
    cell.events++
    // Without an identifier nobody is known again on another day.
    const isLong = grain === 'week' || grain === 'month'
    if (!isLong || !event.unit.startsWith('address')) cell.units.add(event.unit)
  }
  return Object.fromEntries([...cells].map(([key, { events, units }]) => [key, [events, units.size]]))
}

/** The first few cells that are not the same in both. */
export function differences(told: Counts, expected: Counts): string[] {
  const keys = [...new Set([...Object.keys(told), ...Object.keys(expected)])]
  const unlike = keys.filter((key) => `${told[key]}` !== `${expected[key]}`)
  return unlike.slice(0, 5).map((key) => `${key}: ${told[key] ?? 'absent'} where it is ${expected[key] ?? 'absent'}`)
}

/** A retry has the same id; of a cluster's reports those of the same five minutes are one. */
function idOf({ id, feature, unit, time }: SentEvent): string {
  return feature === 'mesos_track' ? `${unit} ${Math.floor(time / 300_000)}` : `${unit} ${id}`
}

function feature(event: SentEvent): string {
  return features.has(event.feature) ? event.feature : '(other)'
}

function version(event: SentEvent): string {
  if (event.version === undefined) return '(none)'
  return versions.has(event.version) ? event.version : '(other)'
}

function window(grain: Grain, time: number): string {
  const text = new Date(time).toISOString()
  switch (grain) {
    case 'minute':
      return text.slice(0, 16)
    case 'hour':
      return `${text.slice(0, 13)}:00`
    case 'day':
      return `${text.slice(0, 10)}T00:00`
    case 'week': {
      const date = new Date(time)
      date.setUTCDate(date.getUTCDate() - ((date.getUTCDay() + 6) % 7))
      return `${date.toISOString().slice(0, 10)}T00:00`
    }
    case 'month':
      return `${text.slice(0, 7)}-01T00:00`
  }
}
