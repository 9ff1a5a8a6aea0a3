/**
 * store: a batch's cells and the mark that says how far they go become one block, one insert, one part: there whole or
 * not at all. A batch run again asks the mark first.
 */
import type { Catalogue } from '../../shared/catalogue.ts'
import { makeTable } from '../../shared/warehouse/make-table.ts'
import { insertBytesMax, insertRowsMax, type Warehouse } from '../../shared/warehouse/port.ts'
import {
  alterTable,
  cellsTable,
  createTable,
  createView,
  durabilitySettings,
  insertColumns,
  markDataset,
} from '../../shared/warehouse/schema.ts'
import { tabDateTime } from '../../shared/warehouse/tab-separated.ts'
import type { Cell } from './roll-up.ts'

/** A stretch of one partition's positions, [from, before). */
export interface Stretch {
  readonly logId: string
  readonly partition: number
  readonly from: number
  readonly before: number
}

/** The text of one insert. */
export interface Block {
  readonly lines: string
  readonly rows: number
}

/** More cells than one part takes; nothing was stored, the caller takes fewer records. */
export class TooManyCellsError extends Error {
  override readonly name = 'TooManyCellsError'
}

/** The mark did not arrive although the insert was acknowledged twice: storing on would count twice or lose. */
export class MarkMissingError extends Error {
  override readonly name = 'MarkMissingError'
}

/** Creates the table, or brings an older one to the catalogue, and makes the views. */
export async function prepareTables(warehouse: Warehouse, catalogue: Catalogue): Promise<void> {
  await makeTable(warehouse, cellsTable, createTable(catalogue))
  const columns = await warehouse.select<{ name: string }>(
    'SELECT name FROM system.columns WHERE database = currentDatabase() AND table = {table:String}',
    { table: cellsTable },
  )
  const [table] = await warehouse.select<{ sorting_key: string; engine_full: string }>(
    'SELECT sorting_key, engine_full FROM system.tables WHERE database = currentDatabase() AND name = {table:String}',
    { table: cellsTable },
  )
  const key = (table?.sorting_key ?? '').split(',').map((column) => column.trim())
  const change = alterTable(catalogue, new Set(columns.map(({ name }) => name)), key)
  if (change) await warehouse.command(change)
  // A table of an earlier version.
  if (!table?.engine_full.includes('min_rows_to_fsync_after_merge'))
    await warehouse.command(`ALTER TABLE ${cellsTable} MODIFY SETTING ${durabilitySettings}`)
  for (const dataset of catalogue.datasets) await warehouse.command(createView(dataset))
}

/** The last position of that log's partition whose cells are in the table; -1 when none is. */
export async function readMark(warehouse: Warehouse, logId: string, partition: number): Promise<number> {
  const [row] = await warehouse.select<{ hi: string; rows: string }>(
    `SELECT max(hi) AS hi, count() AS rows FROM ${cellsTable} WHERE dataset = '${markDataset}' AND stage = 'mark' AND kp = {kp:String} AND log = {log:String}`,
    { kp: String(partition), log: logId },
  )
  return row === undefined || Number(row.rows) === 0 ? -1 : Number(row.hi)
}

/** A batch as the text of one insert. @throws TooManyCellsError */
export function blockOf(catalogue: Catalogue, cells: Iterable<Cell>, stretch: Stretch): Block {
  const lines = [markLine(catalogue, stretch)]
  let bytes = 0
  for (const cell of cells) {
    const line = cellLine(catalogue, cell)
    bytes += line.length
    lines.push(line)
    if (lines.length > insertRowsMax || bytes > insertBytesMax * 0.95)
      throw new TooManyCellsError('the cells of this batch do not fit one part')
  }
  return { lines: `${lines.join('\n')}\n`, rows: lines.length }
}

/**
 * Inserts a block for the first time in this process's knowledge.
 * @param attempt appended to the token: the same token would only fence, and silently drop, the second try
 */
export async function storeBlock(
  warehouse: Warehouse,
  catalogue: Catalogue,
  block: Block,
  stretch: Stretch,
  attempt = 0,
): Promise<void> {
  const token = `${stretch.logId}/${stretch.partition}/${stretch.from}-${stretch.before}${attempt === 0 ? '' : `/r${attempt}`}`
  await warehouse.insert({
    table: cellsTable,
    columns: insertColumns(catalogue),
    lines: block.lines,
    rows: block.rows,
    token,
  })
}

/**
 * Stores a block of which an earlier attempt may or may not have arrived: looks at the mark before and after.
 * @param now the block as it may be stored at that moment: who is in it may have chosen otherwise since an earlier attempt
 * @throws MarkMissingError
 */
export async function storeAgain(
  warehouse: Warehouse,
  catalogue: Catalogue,
  now: () => Promise<Block>,
  stretch: Stretch,
): Promise<void> {
  for (let attempt = 0; attempt < 2; attempt++) {
    if ((await readMark(warehouse, stretch.logId, stretch.partition)) >= stretch.before - 1) return
    await storeBlock(warehouse, catalogue, await now(), stretch, attempt)
  }
  if ((await readMark(warehouse, stretch.logId, stretch.partition)) < stretch.before - 1) {
    throw new MarkMissingError(
      `positions ${stretch.from} to ${stretch.before - 1} of partition ${stretch.partition} were inserted twice and are not in the table`,
    )
  }
}

function markLine(catalogue: Catalogue, { logId, partition, before }: Stretch): string {
  const dimensions = catalogue.dimensions.map(() => '').join('\t')
  return `${markDataset}\t\tmark\t\t${tabDateTime(0)}\t${partition}\t${logId}\t${before - 1}\t${dimensions}\t0\t0\t[]${noMeasures(catalogue)}`
}

function cellLine(catalogue: Catalogue, cell: Cell): string {
  const { dataset, grain, window, columns, events, units, measures } = cell
  const sums = measures ? measures.map(({ sum, count }) => `\t${sum}\t${count}`).join('') : noMeasures(catalogue)
  return `${dataset.id}\t${grain}\topen\t\t${tabDateTime(window)}\t\t\t0\t${columns}\t${events}\t0\t[${units.join(',')}]${sums}`
}

function noMeasures(catalogue: Catalogue): string {
  return '\t0\t0'.repeat(catalogue.measures.length)
}
