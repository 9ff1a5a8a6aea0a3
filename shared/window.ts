/**
 * Windows and epochs: which stretch of UTC time an event time falls into. All pure; all times in milliseconds since
 * the Unix epoch. Weeks are ISO 8601 weeks, starting on Monday.
 */
export const grains = ['minute', 'hour', 'day', 'week', 'month'] as const
export type Grain = (typeof grains)[number]

/** The three lengths of an epoch: the time one pseudonym key is used for. */
export const epochKinds = ['day', 'week', 'month'] as const
export type EpochKind = (typeof epochKinds)[number]

/** `day:2026-11-23`, `week:2026-11-23` (the week's Monday), `month:2026-11-01`: kind and first day. */
export type EpochName = `${EpochKind}:${string}`

export const minuteMs = 60_000
export const hourMs = 3_600_000
export const dayMs = 86_400_000

/** The start of the window of `grain` that holds `time`. */
export function windowStart(grain: Grain, time: number): number {
  switch (grain) {
    case 'minute':
      return Math.floor(time / minuteMs) * minuteMs
    case 'hour':
      return Math.floor(time / hourMs) * hourMs
    case 'day':
      return Math.floor(time / dayMs) * dayMs
    case 'week': {
      // 1970-01-01 was a Thursday: three days after a Monday.
      const day = Math.floor(time / dayMs)
      return (day - mod(day + 3, 7)) * dayMs
    }
    case 'month':
      return monthOf(time).start
  }
}

/** The first moment after the window of `grain` that starts at `start`. */
export function windowEnd(grain: Grain, start: number): number {
  switch (grain) {
    case 'minute':
      return start + minuteMs
    case 'hour':
      return start + hourMs
    case 'day':
      return start + dayMs
    case 'week':
      return start + 7 * dayMs
    case 'month':
      return monthOf(start).end
  }
}

let lastMonth = { start: 0, end: 0 }

/** Remembers the last one, as whoever goes through times asks for the same month again and again. */
function monthOf(time: number): { start: number; end: number } {
  if (time >= lastMonth.start && time < lastMonth.end) return lastMonth
  const date = new Date(time)
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()]
  lastMonth = { start: Date.UTC(year, month, 1), end: Date.UTC(year, month + 1, 1) }
  return lastMonth
}

/** `2026-11-23` of a time. */
export function utcDay(time: number): string {
  return new Date(time).toISOString().slice(0, 10)
}

/** The name of the epoch of `kind` that holds `time`. */
export function epochOf(kind: EpochKind, time: number): EpochName {
  return `${kind}:${utcDay(windowStart(kind, time))}`
}

/** First moment and first moment after an epoch. Throws when the name is not one that `epochOf` makes. */
export function epochBounds(name: EpochName): { kind: EpochKind; start: number; end: number } {
  const [kind, day] = name.split(':') as [EpochKind, string]
  const start = Date.parse(`${day}T00:00:00Z`)
  if (!epochKinds.includes(kind) || Number.isNaN(start)) throw new Error(`not an epoch name: ${name}`)
  return { kind, start, end: windowEnd(kind, start) }
}

function mod(value: number, by: number): number {
  return ((value % by) + by) % by
}

/** The epoch whose close makes a window of that grain final. */
export const epochKindOf: Readonly<Record<Grain, EpochKind>> = {
  minute: 'day',
  hour: 'day',
  day: 'day',
  week: 'week',
  month: 'month',
}
