/** Periods as ranges of time, all in UTC; times in ms since the Unix epoch. */
import { hourCellsMs } from '../../../../shared/retention/limits.ts'
import type { Compare, Grain, Period, ViewState } from './view-state.ts'

export const dayMs = 86_400_000

export interface Range {
  readonly from: number
  /** Exclusive. */
  readonly to: number
}

const rolling: Partial<Record<Period, number>> = { '7d': 7, '30d': 30, '90d': 90 }

export function rangeOf(state: ViewState, now: number): Range {
  const { period, on, from, to } = state
  const at = on === undefined ? startOf('day', now) : Date.parse(on)
  const days = rolling[period]
  if (days !== undefined) return { from: at - (days - 1) * dayMs, to: at + dayMs }
  if (period === 'custom' && from !== undefined && to !== undefined)
    return { from: Date.parse(from), to: Date.parse(to) + dayMs }
  if (period === '12mo') {
    const end = endOf('month', startOf('month', at))
    return { from: addMonths(end, -12), to: end }
  }
  if (period === 'year') {
    const year = new Date(at).getUTCFullYear()
    return { from: Date.UTC(year, 0, 1), to: Date.UTC(year + 1, 0, 1) }
  }
  const grain = period === 'week' || period === 'month' ? period : 'day'
  const start = startOf(grain, at)
  return { from: start, to: endOf(grain, start) }
}

/** The period before or after: of calendar ones the neighbour, of others as many days on. */
export function moved(state: ViewState, by: 1 | -1, now: number): ViewState {
  const range = rangeOf(state, now)
  const length = range.to - range.from
  if (state.period === 'custom')
    return { ...state, from: dayOf(range.from + by * length), to: dayOf(range.to - dayMs + by * length) }
  const steps: Partial<Record<Period, number>> = { month: 1, '12mo': 12, year: 12 }
  const months = steps[state.period]
  const last = range.to - dayMs
  const on = months === undefined ? last + by * length : addMonths(startOf('month', last), by * months)
  return { ...state, on: on >= startOf('day', now) ? undefined : dayOf(on) }
}

/** So many whole weeks back that the periods do not overlap: a Monday is compared with a Monday. */
export function comparedRange(range: Range, compare: Compare): Range | undefined {
  if (compare === 'none') return undefined
  const days = compare === 'year' ? 364 : Math.ceil((range.to - range.from) / dayMs / 7) * 7
  return { from: range.from - days * dayMs, to: range.to - days * dayMs }
}

/**
 * What the rows of a list are compared with: as many days as have begun, as what has not happened yet has nothing to be
 * compared with; of a list by months the same number of whole months.
 */
export function comparedList(range: Range, compare: Compare, grain: Grain, now: number): Range | undefined {
  const compared = comparedRange(range, compare)
  if (compared === undefined) return undefined
  if (grain === 'month') {
    const months = compare === 'year' ? 12 : Math.round((range.to - range.from) / (30.4 * dayMs))
    return { from: addMonths(range.from, -months), to: addMonths(range.to, -months) }
  }
  const begun = Math.min(range.to, startOf('day', now) + dayMs) - range.from
  return { from: compared.from, to: compared.from + Math.max(dayMs, begun) }
}

export function grainsOf(range: Range, now: number): Grain[] {
  const days = (range.to - range.from) / dayMs
  const fits: Record<Grain, boolean> = {
    hour: days <= 8 && range.from > now - hourCellsMs,
    day: days <= 800,
    week: days >= 14,
    month: days >= 60,
  }
  return (Object.keys(fits) as Grain[]).filter((grain) => fits[grain])
}

export function grainOf(state: ViewState, range: Range, now: number): Grain {
  const fitting = grainsOf(range, now)
  if (state.grain !== undefined && fitting.includes(state.grain)) return state.grain
  const days = (range.to - range.from) / dayMs
  if (days <= 2 && fitting.includes('hour')) return 'hour'
  if (days > 200 && fitting.includes('week')) return 'week'
  return fitting.includes('day') ? 'day' : (fitting[0] ?? 'day')
}

/** Rows of lists are added up over windows of this grain; few enough for an answer in no time. */
export function listGrain(range: Range): Grain {
  const isMonths = range.from === startOf('month', range.from) && range.to === startOf('month', range.to)
  return isMonths && range.to - range.from > 92 * dayMs ? 'month' : 'day'
}

const longWindows = 12

/** The last weeks or months of a period, as many as a chart of them has. */
export function longRange(grain: 'week' | 'month', range: Range, now: number): Range {
  const to = Math.min(range.to, endOf(grain, startOf(grain, now)))
  return { from: startOf(grain, to - 1 - (longWindows - 1) * (grain === 'week' ? 7 : 30.4) * dayMs), to }
}

/** Starts of the windows that a range touches. */
export function windowsOf(grain: Grain | 'minute', { from, to }: Range): number[] {
  const windows: number[] = []
  for (let at = startOf(grain, from); at < to; at = endOf(grain, at)) windows.push(at)
  return windows
}

export function startOf(grain: Grain | 'minute', time: number): number {
  const date = new Date(time)
  switch (grain) {
    case 'minute':
      return time - (time % 60_000)
    case 'hour':
      return time - (time % 3_600_000)
    case 'day':
      return time - (time % dayMs)
    case 'week':
      return startOf('day', time) - ((date.getUTCDay() + 6) % 7) * dayMs
    case 'month':
      return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1)
  }
}

export function endOf(grain: Grain | 'minute', start: number): number {
  if (grain === 'month') return addMonths(start, 1)
  return start + { minute: 60_000, hour: 3_600_000, day: dayMs, week: 7 * dayMs }[grain]
}

export function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10)
}

function addMonths(time: number, months: number): number {
  const date = new Date(time)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, 1)
}
