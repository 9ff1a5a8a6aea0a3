/** What is looked at: period, grain, comparison, filters. All of it is in the address, so that back, forward and links work. */
export const periods = ['day', '7d', 'week', '30d', 'month', '90d', '12mo', 'year', 'custom'] as const
export type Period = (typeof periods)[number]
export const grains = ['hour', 'day', 'week', 'month'] as const
export type Grain = (typeof grains)[number]
export type Compare = 'none' | 'previous' | 'year'

export interface Filter {
  readonly dimension: string
  readonly value: string
  readonly isNot: boolean
}

export interface ViewState {
  readonly period: Period
  /** A day in the period, for rolling ones its last; undefined: today. */
  readonly on?: string | undefined
  /** Of period `custom`: first and last day. */
  readonly from?: string | undefined
  readonly to?: string | undefined
  /** Undefined: as fits the period. */
  readonly grain?: Grain | undefined
  readonly compare: Compare
  readonly filters: readonly Filter[]
}

export const defaultState: ViewState = { period: '30d', compare: 'none', filters: [] }
const dayPattern = /^\d{4}-\d\d-\d\d$/

/** @param search with or without `?`; what is not understood is passed over */
export function readState(search: string): ViewState {
  const given = new URLSearchParams(search)
  const one = <T extends string>(name: string, of: readonly T[]): T | undefined =>
    of.find((value) => value === given.get(name))
  const day = (name: string): string | undefined => {
    const text = given.get(name) ?? ''
    return dayPattern.test(text) && !Number.isNaN(Date.parse(text)) ? text : undefined
  }
  const [from, to] = [day('from'), day('to')]
  const period = one('period', periods) ?? defaultState.period
  const isWhole = period !== 'custom' || (from !== undefined && to !== undefined && from <= to)
  return {
    period: isWhole ? period : defaultState.period,
    on: day('on'),
    ...(period === 'custom' && isWhole && { from, to }),
    grain: one('grain', grains),
    compare: one('compare', ['none', 'previous', 'year'] as const) ?? 'none',
    filters: given.getAll('f').flatMap(readFilter),
  }
}

export function writeState({ period, on, from, to, grain, compare, filters }: ViewState): string {
  const written = new URLSearchParams()
  if (period !== defaultState.period) written.set('period', period)
  if (on !== undefined) written.set('on', on)
  if (period === 'custom' && from !== undefined && to !== undefined) {
    written.set('from', from)
    written.set('to', to)
  }
  if (grain !== undefined) written.set('grain', grain)
  if (compare !== 'none') written.set('compare', compare)
  for (const { dimension, value, isNot } of filters) written.append('f', `${dimension}${isNot ? '!' : ''}:${value}`)
  return written.toString()
}

function readFilter(text: string): Filter[] {
  const colon = text.indexOf(':')
  if (colon < 1) return []
  const isNot = text[colon - 1] === '!'
  return [{ dimension: text.slice(0, isNot ? colon - 1 : colon), value: text.slice(colon + 1), isNot }]
}

/** The same filter set again is taken away; one on the same value, but the other way round, is replaced. */
export function toggleFilter(filters: readonly Filter[], filter: Filter): Filter[] {
  const isSame = ({ dimension, value }: Filter) => dimension === filter.dimension && value === filter.value
  const had = filters.find(isSame)
  const others = filters.filter((one) => !isSame(one))
  if (had?.isNot === filter.isNot) return others
  // Two different values of a dimension at once are never true together.
  return [...others.filter((one) => filter.isNot || one.isNot || one.dimension !== filter.dimension), filter]
}
