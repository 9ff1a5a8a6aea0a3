/** What was counted, as analysts get it from the API and as it lies in the table of a stopped installation. */
import path from 'node:path'
import { openEmbeddedWarehouse } from '../../shared/warehouse/embedded.ts'
import { cellsTable, dimensionColumn, finalDataset, measureColumns } from '../../shared/warehouse/schema.ts'
import { type Grain, windowStart } from '../../shared/window.ts'
import { cellKey, comparedGrains, dataset } from './batches.ts'

export interface CountedCell {
  events: number
  devices: number
  /** Undefined where only the mean is to be had. */
  weight?: number
}
export type CountedCells = Map<string, CountedCell>

export interface ApiAsked {
  reportingUrl: string
  analystToken: string
  /** ms since the Unix epoch: windows from the one that holds `from` on. */
  from: number
  to: number
}

/** Every cell by feature of every compared grain. */
export async function cellsOfApi(asked: ApiAsked): Promise<CountedCells> {
  const cells: CountedCells = new Map()
  for (const grain of comparedGrains) {
    for (const [window, feature, events, devices] of (await askUsage(asked, grain, 'feature')).rows)
      cells.set(cellKey(grain, Date.parse(window), feature), { events, devices })
  }
  return cells
}

/** Up to when everything appended is counted; ms since the Unix epoch. */
export async function freshTo(asked: ApiAsked): Promise<number> {
  const { fresh_to } = await askUsage(asked, 'month', '')
  return fresh_to === null ? Number.NEGATIVE_INFINITY : Date.parse(fresh_to)
}

interface UsageAnswer {
  rows: [window: string, feature: string, events: number, devices: number][]
  fresh_to: string | null
}

async function askUsage(
  { reportingUrl, analystToken, from, to }: ApiAsked,
  grain: Grain,
  by: string,
): Promise<UsageAnswer> {
  const query = new URLSearchParams({
    ...{ dataset, grain, by, metrics: 'events,devices' },
    ...{ from: new Date(windowStart(grain, from)).toISOString(), to: new Date(to).toISOString() },
  })
  const answer = await fetch(`${reportingUrl}/api/v1/usage?${query}`, {
    headers: { authorization: `Bearer ${analystToken}` },
  })
  if (!answer.ok) throw new Error(`the analyst API answered ${answer.status}: ${await answer.text()}`)
  return (await answer.json()) as UsageAnswer
}

export interface TableContent {
  cells: CountedCells
  /** Windows that have become final, by grain. */
  finalWindows: Record<string, number>
}

/** Reads the table itself; the installation must be stopped. */
export async function cellsOfTable(dataDir: string): Promise<TableContent> {
  const warehouse = await openEmbeddedWarehouse({ dir: path.join(dataDir, 'warehouse') })
  try {
    const rows = await warehouse.select<Record<string, string>>(cellsQuery)
    const marks = await warehouse.select<{ grain: string; windows: string }>(
      `SELECT grain, uniqExact(window) AS windows ${finalMarks} GROUP BY grain`,
    )
    const cells: CountedCells = new Map()
    for (const { grain = '', start, feature = '', events, devices, weight } of rows) {
      const key = cellKey(grain, Number(start) * 1000, feature)
      cells.set(key, { events: Number(events), devices: Number(devices), weight: Number(weight) })
    }
    return { cells, finalWindows: Object.fromEntries(marks.map(({ grain, windows }) => [grain, Number(windows)])) }
  } finally {
    await warehouse.close()
  }
}

const finalMarks = `FROM ${cellsTable} WHERE dataset = '${finalDataset}' AND stage = 'mark' AND by = '${dataset}'`
/** A window is read by its mark: final rows where it has one, open rows elsewhere. */
const cellsQuery = `SELECT grain, toUnixTimestamp(window) AS start, ${dimensionColumn('feature')} AS feature, sum(events) AS events,
  greatest(max(devices), uniqCombined64Merge(17)(state)) AS devices, sum(${measureColumns('weight').sum}) AS weight
FROM ${cellsTable}
WHERE dataset = '${dataset}' AND grain IN (${comparedGrains.map((grain) => `'${grain}'`).join(', ')})
  AND if((grain, window) IN (SELECT grain, window ${finalMarks}), stage = 'final' AND by = 'feature', stage = 'open')
GROUP BY grain, start, feature`
