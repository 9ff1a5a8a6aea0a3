/**
 * The warehouse: ClickHouse, in process (chDB) or a server, holding aggregate-only tables. It speaks ClickHouse SQL;
 * who writes which SQL is services/worker/store.ts, finalise.ts and services/reporting, over the schema in
 * shared/warehouse/schema.ts.
 *
 * Guarantees every adapter gives, and that test/contract/warehouse.ts checks:
 * - **One insert, one part.** `insert` of at most 500,000 rows and 64 MB into a table without partitions becomes exactly
 *   one part: after a crash all of its rows are there or none.
 * - **Durable.** When `insert` resolves, its rows survive a crash of the process and of the machine.
 * - **Tokens.** An insert with a token that was used in the last 10,000 inserts of the table has no effect. A token
 *   never outlives its own call (settings do not leak into the next insert).
 * - **Parameters** (`{name:Type}`) are bound by the engine, never pasted into SQL.
 * - A `WarehouseReader` cannot write, create, or read files: the engine refuses (`readonly=1`).
 */
export interface WarehouseReader {
  /** Rows of a SELECT as objects; 64-bit integers come as strings. */
  select<Row>(sql: string, params?: Record<string, unknown>): Promise<Row[]>
  /** The same number twice: no table was changed between. Undefined where others write as well, and during a write. */
  readonly written?: number | undefined
  close(): Promise<void>
}

export interface Warehouse extends WarehouseReader {
  /** DDL or a mutation; resolves when it has been carried out whole. */
  command(sql: string, params?: Record<string, unknown>): Promise<void>
  /** Inserts rows given as TabSeparated lines (each ending in \n) in the order of `columns`. */
  insert(block: InsertBlock): Promise<void>
  /** What a SELECT gives in one of ClickHouse's own output formats (`Parquet`, `CSVWithNames`, …), byte by byte. */
  exportBytes(sql: string, format: string, settings?: Readonly<Record<string, string | number>>): Promise<Buffer>
  /** Bytes on disk of all active parts, for metrics. */
  tableBytes(): Promise<number>
  /** A second, read-only connection to the same tables, for reporting. */
  reader(): Promise<WarehouseReader>
}

export interface InsertBlock {
  table: string
  columns: readonly string[]
  /** TabSeparated text, one line per row. */
  lines: string
  rows: number
  token: string
}

export const insertRowsMax = 500_000
export const insertBytesMax = 64 * 1024 * 1024

/** The block is larger than what becomes one part; the caller must make smaller batches. */
export class BlockTooLargeError extends Error {
  override readonly name = 'BlockTooLargeError'
}

/**
 * The engine refused a statement. ClickHouse's own messages quote the rows they stumble over, pseudonyms and all, so
 * none of them is passed on: the error has the engine's code and name and nothing of the data.
 */
export class WarehouseError extends Error {
  override readonly name = 'WarehouseError'
  readonly code: number | undefined
  constructor(what: string, code: number | undefined, label: string) {
    super(`${what} was refused by the engine: ${label} (${code ?? 'no code'})`)
    this.code = code
  }
}

/**
 * The server cannot be reached, does not answer in time, or says that it cannot serve now. Nothing is known of whether
 * the statement was carried out: the caller waits, and looks (at the worker's mark) before it does it again.
 */
export class WarehouseUnavailableError extends Error {
  override readonly name = 'WarehouseUnavailableError'
}
