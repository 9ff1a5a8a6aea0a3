/** One final cell, or the mark of a final window, as a line of an export and as a row of the table. */
import { dimensionColumn, finalDataset, measureColumns } from '../../shared/warehouse/schema.ts'
import { escapeTab, tabDateTime } from '../../shared/warehouse/tab-separated.ts'
import { type Grain, grains } from '../../shared/window.ts'
import { ArchiveError, type ArchiveManifest } from './archive.ts'

/** Which columns the cells of an installation have. */
export type CellColumns = Pick<ArchiveManifest, 'dimensions' | 'measures'>

/** As JSON. Numbers are text: they may be larger than what JSON readers keep exactly. */
export interface CellLine {
  /** `_final` for a mark: the window of the dataset named in `by` is final. */
  readonly dataset: string
  readonly grain: Grain
  /** Dimensions that it is counted by, comma-separated. */
  readonly by: string
  /** Start of the window, Unix seconds. */
  readonly window: number
  /** By dimension; those that are empty are left out. */
  readonly values: Readonly<Record<string, string>>
  readonly events: string
  readonly devices: string
  /** By measure, sum and number of events that carried one; those without any are left out. */
  readonly measures: Readonly<Record<string, readonly [sum: string, count: string]>>
}

/** The expressions of a SELECT, grouped by the key, whose rows `cellOf` takes. */
export function selectColumns({ dimensions, measures }: CellColumns): { key: string[]; counts: string[] } {
  return {
    key: ['dataset', 'grain', 'by', 'start', ...dimensions.map(dimensionColumn)],
    counts: [
      'toString(sum(events)) AS event_sum',
      'toString(max(devices)) AS device_count',
      ...measures.flatMap((id) =>
        Object.values(measureColumns(id)).map((column) => `toString(sum(${column})) AS ${column}_total`),
      ),
    ],
  }
}

/** @param row of `selectColumns`; its order of keys is the line's, so that equal cells make equal bytes */
export function cellOf(row: Readonly<Record<string, string>>, { dimensions, measures }: CellColumns): CellLine {
  const values = dimensions.flatMap((id) => {
    const value = row[dimensionColumn(id)] ?? ''
    return value === '' ? [] : [[id, value]]
  })
  const sums = measures.flatMap((id) => {
    const { sum, count } = measureColumns(id)
    const pair = [row[`${sum}_total`] ?? '0', row[`${count}_total`] ?? '0']
    return pair.every((one) => one === '0') ? [] : [[id, pair]]
  })
  return {
    dataset: row.dataset ?? '',
    grain: row.grain as Grain,
    by: row.by ?? '',
    window: Number(row.start),
    values: Object.fromEntries(values),
    events: row.event_sum ?? '0',
    devices: row.device_count ?? '0',
    measures: Object.fromEntries(sums),
  }
}

/** @throws ArchiveError */
export function parseCell(text: string, { dimensions, measures }: CellColumns): CellLine {
  const cell = JSON.parse(text) as CellLine
  const isGood =
    /^(?:[a-z][a-z0-9_]{0,49}|_final)$/.test(cell.dataset) &&
    grains.includes(cell.grain) &&
    /^[a-z0-9_,]*$/.test(cell.by) &&
    Number.isSafeInteger(cell.window) &&
    cell.window >= 0 &&
    isCount(cell.events) &&
    isCount(cell.devices) &&
    Object.entries(cell.values).every(([id, value]) => dimensions.includes(id) && typeof value === 'string') &&
    Object.entries(cell.measures).every(
      ([id, [sum, count]]) => measures.includes(id) && /^-?\d{1,19}$/.test(sum) && isCount(count),
    )
  if (!isGood) throw new ArchiveError('a line of the export is no cell')
  return cell
}

/** A TabSeparated line. @param columns all of the table, in the order of `insertColumns` */
export function tableLine(cell: CellLine, { dimensions, measures }: CellColumns): string {
  const stage = cell.dataset === finalDataset ? 'mark' : 'final'
  return [
    ...[cell.dataset, cell.grain, stage, cell.by, tabDateTime(cell.window * 1000), '', '', 0],
    ...dimensions.map((id) => escapeTab(cell.values[id] ?? '')),
    ...[cell.events, cell.devices, '[]'],
    ...measures.flatMap((id) => cell.measures[id] ?? ['0', '0']),
  ].join('\t')
}

/** Columns that `tableLine` fills. */
export function tableColumns({ dimensions, measures }: CellColumns): string[] {
  return [
    ...['dataset', 'grain', 'stage', 'by', 'window', 'kp', 'log', 'hi'],
    ...dimensions.map(dimensionColumn),
    ...['events', 'devices', 'units'],
    ...measures.flatMap((id) => Object.values(measureColumns(id))),
  ]
}

function isCount(text: unknown): boolean {
  return typeof text === 'string' && /^\d{1,20}$/.test(text)
}
