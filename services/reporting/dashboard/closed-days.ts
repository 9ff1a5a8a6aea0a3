/** Whether days are closed in every dataset: what is shown of them does not change any more. */
import type { Catalogue } from '../../../shared/catalogue.ts'
import type { WarehouseReader } from '../../../shared/warehouse/port.ts'
import { finalWindowsQuery, windowSizesQuery } from '../usage-query.ts'
import type { DayRange } from './view-wish.ts'

/** The first day of the range that is not closed yet (RFC 3339), if there is one. A day without cells is closed when it is over. */
export async function firstOpenDay(
  reader: WarehouseReader,
  catalogue: Catalogue,
  { from, to }: DayRange,
  now: number,
): Promise<string | undefined> {
  if (Date.parse(to) > now) return new Date(now).toISOString().slice(0, 10)
  const [start, end] = [Date.parse(from) / 1000, Date.parse(to) / 1000]
  let first: number | undefined
  for (const dataset of catalogue.datasets.filter(({ grains }) => grains.includes('day'))) {
    const asked = finalWindowsQuery(dataset, 'day', start, end)
    const final = (await reader.select<{ w: number }>(asked.sql, asked.params)).map(({ w }) => w)
    const sizes = windowSizesQuery(dataset, { grain: 'day', from: start, to: end, final })
    const closed = new Set(final)
    for (const { w } of await reader.select<{ w: number; n: string }>(sizes.sql, sizes.params))
      if (!closed.has(w) && (first === undefined || w < first)) first = w
  }
  return first === undefined ? undefined : new Date(first * 1000).toISOString().slice(0, 10)
}
