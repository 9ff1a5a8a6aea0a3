/** A panel's question as a request to GET /api/v1/usage: which filters hold for it, and whether devices can be told. */
import type { Dataset } from './model.ts'
import type { Range } from './periods.ts'
import { startOf } from './periods.ts'
import type { Filter, Grain } from './view-state.ts'

export interface Question {
  readonly path: string
  readonly metrics: readonly string[]
  readonly hasDevices: boolean
  /** Dimensions of filters that the dataset does not have: it cannot answer. */
  readonly unknown: readonly string[]
}

export interface Asked {
  readonly dataset: Dataset
  readonly by: readonly string[]
  readonly range: Range
  readonly grain: Grain | 'minute'
  readonly filters: readonly Filter[]
  readonly measures?: readonly string[]
  /** The range's windows added up. */
  readonly isTotals?: boolean
}

export function question({ dataset, by, range, grain, filters, measures = [], isTotals }: Asked): Question {
  const unknown = [...new Set(filters.map(({ dimension }) => dimension))].filter(
    (dimension) => !dataset.dimensions.includes(dimension),
  )
  const used = new Set([...by, ...filters.map(({ dimension }) => dimension)])
  const isRest = filters.some(({ dimension, isNot }) => isNot && !by.includes(dimension))
  const hasDevices = !isRest && dataset.by.some((set) => set.length === used.size && set.every((one) => used.has(one)))
  const metrics = ['events', ...(hasDevices ? ['devices'] : []), ...(isRest ? [] : measures)]
  const asked = new URLSearchParams({
    dataset: dataset.id,
    metrics: metrics.join(','),
    by: by.join(','),
    grain,
    from: iso(startOf(grain, range.from)),
    to: iso(range.to),
  })
  if (by.length === 0) asked.delete('by')
  if (isTotals) asked.set('totals', 'true')
  for (const { dimension, value, isNot } of filters)
    asked.append('where', `${dimension}${isNot ? '!' : ''}:${encodeURIComponent(value)}`)
  return { path: `/api/v1/usage?${asked}`, metrics, hasDevices, unknown }
}

function iso(time: number): string {
  return new Date(time).toISOString().replace('.000', '')
}
