/** A release's rows as files, each written by ClickHouse itself in one of its own formats. */
import type { Warehouse } from '../../shared/warehouse/port.ts'
import { type FrozenFile, type ReleaseFormat, releaseFormats } from './release-store.ts'
import type { ReleaseRow, ReleaseSpecification } from './release-types.ts'

/** Read by every tool that was tried: plain strings, Snappy, empty fields for null in CSV (RFC 4180). */
const settings = {
  max_threads: 1,
  output_format_parquet_string_as_string: 1,
  output_format_parquet_compression_method: 'snappy',
  output_format_arrow_string_as_string: 1,
  output_format_arrow_compression_method: 'none',
  output_format_json_quote_64bit_integers: 0,
  format_csv_null_representation: '',
  output_format_csv_crlf_end_of_line: 1,
}

const engineFormats: Readonly<Record<ReleaseFormat, string>> = {
  csv: 'CSVWithNames',
  ndjson: 'JSONEachRow',
  parquet: 'Parquet',
  arrow: 'ArrowStream',
}

export const mediaTypes: Readonly<Record<ReleaseFormat, string>> = {
  csv: 'text/csv; charset=utf-8; header=present',
  ndjson: 'application/x-ndjson',
  parquet: 'application/vnd.apache.parquet',
  arrow: 'application/vnd.apache.arrow.stream',
}

export async function releaseFiles(
  warehouse: Pick<Warehouse, 'exportBytes'>,
  specification: ReleaseSpecification,
  rows: readonly ReleaseRow[],
): Promise<FrozenFile[]> {
  const files: FrozenFile[] = []
  for (const format of releaseFormats) {
    const sql = rowsQuery(specification, rows, format === 'csv')
    files.push({ format, bytes: await warehouse.exportBytes(sql, engineFormats[format], settings) })
  }
  return files
}

/**
 * The rows as a SELECT without any table: typed by ClickHouse from one JSON text.
 * @param forPeople values that a spreadsheet would take for a formula get an apostrophe in front
 */
function rowsQuery(
  { dimensions, sums }: ReleaseSpecification,
  rows: readonly ReleaseRow[],
  forPeople: boolean,
): string {
  const columns = [
    { name: 'level', type: 'String' },
    ...dimensions.map((name) => ({ name, type: 'Nullable(String)', isText: true })),
    { name: 'devices', type: 'Int64' },
    ...sums.map((name) => ({ name, type: 'Nullable(Int64)' })),
    { name: 'flags', type: 'Nullable(String)' },
  ]
  const tuples = rows.map((row) =>
    JSON.stringify([
      row.level,
      ...row.values.map((value) => (forPeople && value !== null ? harmless(value) : value)),
      safe(row.devices),
      ...row.sums.map((value) => (value === null ? null : safe(value))),
      row.flags.length === 0 ? null : row.flags.join(' '),
    ]),
  )
  const json = `[${tuples.join(',')}]`
  const selected = columns.map(({ name }, index) => `t.${index + 1} AS \`${name}\``)
  const type = `Array(Tuple(${columns.map(({ type }) => type).join(', ')}))`
  return `SELECT ${selected.join(', ')} FROM (SELECT arrayJoin(JSONExtract(${literal(json)}, '${type}')) AS t)`
}

function harmless(value: string): string {
  return /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
}

/** Exact as a JSON number. */
function safe(value: bigint): number {
  const number = Number(value)
  if (!Number.isSafeInteger(number)) throw new RangeError(`${value} is too large for a column of a release`)
  return number
}

function literal(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
