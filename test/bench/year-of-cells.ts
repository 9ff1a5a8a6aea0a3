/** A year of final cells of every dataset, made by the engine itself: as many as a large installation has. */
import type { Catalogue, Dataset } from '../../shared/catalogue.ts'
import { bySetKey } from '../../shared/catalogue.ts'
import type { Warehouse } from '../../shared/warehouse/port.ts'
import { cellsTable, dimensionColumn, finalDataset } from '../../shared/warehouse/schema.ts'
import { dayMs, type Grain, windowStart } from '../../shared/window.ts'

/** Values of dimensions whose catalogue has a rule or a list of its origin's. */
const versionsMade = 60
const countriesMade = 120
const clientsMade = 8
/** Statements stay small: a month of days each. */
const windowsPerStatement = 31

/** @param to ms since the Unix epoch, the end of the last day @returns how many cells there are */
export async function fillYear(
  warehouse: Warehouse,
  catalogue: Catalogue,
  to: number,
  log: (line: string) => void,
): Promise<number> {
  for (const dataset of catalogue.datasets) {
    for (const grain of ['hour', 'day', 'week', 'month'] as const) {
      if (!dataset.grains.includes(grain)) continue
      const windows = windowsOf(grain, to)
      for (let at = 0; at < windows.length; at += windowsPerStatement)
        await fill(warehouse, catalogue, dataset, grain, windows.slice(at, at + windowsPerStatement))
      log(`${dataset.id} by ${grain}: ${windows.length} windows`)
    }
  }
  const [row] = await warehouse.select<{ n: string }>(`SELECT count() AS n FROM ${cellsTable} WHERE stage = 'final'`)
  return Number(row?.n ?? 0)
}

/** Hours are kept for 90 days; a tenth of these are made. */
function windowsOf(grain: Grain, to: number): number[] {
  const from = grain === 'hour' ? to - 9 * dayMs : to - 365 * dayMs
  const step = grain === 'hour' ? dayMs / 24 : dayMs
  const starts = new Set<number>()
  for (let at = from; at < to; at += step) {
    const start = windowStart(grain, at)
    if (start >= from) starts.add(start)
  }
  return [...starts]
}

async function fill(warehouse: Warehouse, catalogue: Catalogue, dataset: Dataset, grain: Grain, windows: number[]) {
  const columns = dataset.dimensions.map((id) => dimensionColumn(id))
  const lists = dataset.dimensions.map((id) => `[${valuesOf(catalogue, id).map((value) => `'${value}'`)}]`)
  const starts = `[${windows.map((start) => Math.floor(start / 1000))}]`
  const full = bySetKey(dataset, dataset.dimensions)
  const fixed = (stage: string, by: string) => `'${dataset.id}', '${grain}', '${stage}', '${by}'`
  const names = ['dataset', 'grain', 'stage', 'by', 'window', 'kp', 'log', 'hi']
  const values = columns.map((column, at) => `arrayJoin(${lists[at]}) AS ${column}`).join(', ')
  // Few cells are large, many small, as use is.
  const size = `1 + intDiv(20000, 1 + cityHash64(${[...columns, '1'].join(', ')}) % 4000)`
  await warehouse.command(
    `INSERT INTO ${cellsTable} (${[...names, ...columns, 'events', 'devices']})
SELECT ${fixed('final', full)}, toDateTime(w, 'UTC'), '0', 'log', 0, ${columns}, e * 3 + w % 7, e FROM
(SELECT arrayJoin(${starts}) AS w, ${values}, ${size} AS e)`,
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
