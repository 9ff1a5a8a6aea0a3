/** A year of cells of every dataset, made by the engine itself: as many as a large installation has. */
import type { Catalogue, Dataset } from '../../shared/catalogue.ts'
import { bySetKey } from '../../shared/catalogue.ts'
import type { Warehouse } from '../../shared/warehouse/port.ts'
import { cellsTable, dimensionColumn, finalDataset, uniqueState } from '../../shared/warehouse/schema.ts'
import { dayMs, type Grain, hourMs, minuteMs, windowEnd, windowStart } from '../../shared/window.ts'

/** Values of dimensions whose catalogue has a rule or a list of its origin's. */
const versionsMade = 60
const countriesMade = 120
const clientsMade = 8
/** Statements stay small: a month of days each. */
const windowsPerStatement = 31
const minutesMade = 30

/**
 * Closed windows have final cells; today, yesterday, this week and this month are open, with states, as they are then.
 * @param now ms since the Unix epoch
 * @returns how many cells there are
 */
export async function fillYear(
  warehouse: Warehouse,
  catalogue: Catalogue,
  now: number,
  log: (line: string) => void,
): Promise<number> {
  const closedTo = windowStart('day', now) - dayMs
  const main = catalogue.datasets.find(({ grains }) => grains.includes('minute'))
  for (const dataset of catalogue.datasets) {
    for (const grain of ['hour', 'day', 'week', 'month'] as const) {
      if (!dataset.grains.includes(grain)) continue
      const windows = windowsOf(grain, now)
      const closed = windows.filter((start) => windowEnd(grain, start) <= closedTo)
      const open = windows.filter((start) => windowEnd(grain, start) > closedTo)
      for (let at = 0; at < closed.length; at += windowsPerStatement)
        await fillFinal(warehouse, catalogue, dataset, grain, closed.slice(at, at + windowsPerStatement))
      // Hours and minutes that are open are asked of the main dataset only.
      for (const window of grain === 'hour' && dataset !== main ? [] : open)
        await fillOpen(warehouse, catalogue, dataset, grain, window)
      log(`${dataset.id} by ${grain}: ${closed.length} closed windows and ${open.length} open ones`)
    }
  }
  for (let ago = 0; main && ago < minutesMade; ago++)
    await fillOpen(warehouse, catalogue, main, 'minute', windowStart('minute', now) - ago * minuteMs)
  return await countCells(warehouse)
}

export async function countCells(warehouse: Warehouse): Promise<number> {
  const [row] = await warehouse.select<{ n: string }>(`SELECT count() AS n FROM ${cellsTable} WHERE stage != 'mark'`)
  return Number(row?.n ?? 0)
}

/** Hours are kept for 90 days; a tenth of these are made. */
function windowsOf(grain: Grain, now: number): number[] {
  const today = windowStart('day', now)
  const from = grain === 'hour' ? today - 9 * dayMs : today - 365 * dayMs
  const step = grain === 'hour' ? hourMs : dayMs
  const starts = new Set<number>()
  for (let at = from; at <= now; at += step) {
    const start = windowStart(grain, at)
    if (start >= from) starts.add(start)
  }
  return [...starts]
}

const names = ['dataset', 'grain', 'stage', 'by', 'window', 'kp', 'log', 'hi']

/** A row for every combination of values, with its window `w` and its size `e`; few cells are large, many small, as use is. */
function combinations(catalogue: Catalogue, dataset: Dataset, starts: string): string {
  const columns = dataset.dimensions.map((id) => dimensionColumn(id))
  const values = columns.map((column, at) => {
    const list = valuesOf(catalogue, dataset.dimensions[at]!).map((value) => `'${value}'`)
    return `arrayJoin([${list}]) AS ${column}`
  })
  const size = `1 + intDiv(20000, 1 + cityHash64(${[...columns, '1'].join(', ')}) % 4000)`
  return `(SELECT arrayJoin(${starts}) AS w, ${values.join(', ')}, ${size} AS e)`
}

async function fillOpen(warehouse: Warehouse, catalogue: Catalogue, dataset: Dataset, grain: Grain, window: number) {
  const columns = dataset.dimensions.map((id) => dimensionColumn(id))
  const state = `arrayReduce('${uniqueState.replace('(', 'State(')}', arrayMap(x -> cityHash64(x * (1 + e % 3)), range(e)))`
  await warehouse.command(
    `INSERT INTO ${cellsTable} (${[...names, ...columns, 'events', 'state']})
SELECT '${dataset.id}', '${grain}', 'open', '', toDateTime(w, 'UTC'), '0', 'log', 0, ${columns}, e * 3, ${state}
FROM ${combinations(catalogue, dataset, `[${Math.floor(window / 1000)}]`)}`,
  )
}

async function fillFinal(
  warehouse: Warehouse,
  catalogue: Catalogue,
  dataset: Dataset,
  grain: Grain,
  windows: number[],
): Promise<void> {
  const columns = dataset.dimensions.map((id) => dimensionColumn(id))
  const starts = `[${windows.map((start) => Math.floor(start / 1000))}]`
  const full = bySetKey(dataset, dataset.dimensions)
  const fixed = (stage: string, by: string) => `'${dataset.id}', '${grain}', '${stage}', '${by}'`
  await warehouse.command(
    `INSERT INTO ${cellsTable} (${[...names, ...columns, 'events', 'devices']})
SELECT ${fixed('final', full)}, toDateTime(w, 'UTC'), '0', 'log', 0, ${columns}, e * 3 + w % 7, e
FROM ${combinations(catalogue, dataset, starts)}`,
  )
  for (const set of dataset.bySets) {
    const by = bySetKey(dataset, set)
    if (by === full) continue
    const own = set.map((id) => dimensionColumn(id))
    await warehouse.command(
      `INSERT INTO ${cellsTable} (${[...names, ...own, 'events', 'devices']})
SELECT ${fixed('final', by)}, window, '0', 'log', 0, ${[...own, 'sum(events)', 'greatest(max(devices), intDiv(sum(devices) * 3, 5))']}
FROM ${cellsTable} WHERE dataset = '${dataset.id}' AND grain = '${grain}' AND stage = 'final' AND by = '${full}'
AND toUnixTimestamp(window) IN ${starts} GROUP BY ${['window', ...own]}`,
    )
  }
  await warehouse.command(
    `INSERT INTO ${cellsTable} (${names}) SELECT '${finalDataset}', '${grain}', 'mark', '${dataset.id}', toDateTime(arrayJoin(${starts}), 'UTC'), '0', 'log', 0`,
  )
}

function valuesOf(catalogue: Catalogue, id: string): string[] {
  const dimension = catalogue.dimensions.find((one) => one.id === id)
  if (!dimension) throw new Error(`no dimension ${id}`)
  if (dimension.origin === 'address.country') return numbered(countriesMade, (at) => countryCode(at))
  if (dimension.origin === 'feature') return catalogue.features.map((feature) => feature.id)
  const { domain } = dimension
  if (domain.kind === 'rule') return numbered(versionsMade, (at) => `${1 + Math.floor(at / 20)}.${at % 20}.0`)
  if (domain.kind === 'buckets') return [...domain.labels]
  return [...domain.values].slice(0, dimension.origin.startsWith('client.') ? clientsMade : undefined)
}

function numbered(count: number, of: (at: number) => string): string[] {
  return Array.from({ length: count }, (_, at) => of(at))
}

function countryCode(at: number): string {
  return String.fromCharCode(65 + Math.floor(at / 26), 65 + (at % 26))
}
