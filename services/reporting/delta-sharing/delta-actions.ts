/** The lines of a metadata or query answer (protocol, "API Response Format in Parquet"), each one JSON object. */
import { createHash } from 'node:crypto'
import type { DatasetFacts } from '../partner-api/dataset-facts.ts'

/** The column by which the files are divided: not in them, but in `partitionValues`. */
export const partitionColumn = 'day'

export function protocolLine(): object {
  return { protocol: { minReaderVersion: 1 } }
}

/** @param size of all files, in bytes; @param files how many */
export function metaDataLine(
  { id, title, columns }: DatasetFacts,
  totals?: { version: number; size: number; files: number },
): object {
  return {
    metaData: {
      id: tableId(id),
      name: id,
      description: title,
      format: { provider: 'parquet' },
      schemaString: schemaString(columns),
      partitionColumns: [partitionColumn],
      configuration: {},
      ...(totals && { version: totals.version, size: totals.size, numFiles: totals.files }),
    },
  }
}

/** Spark's schema as JSON. Everything may be null, so that every reader takes every file. */
export function schemaString(columns: DatasetFacts['columns']): string {
  const field = (name: string, type: string, comment: string) => ({ name, type, nullable: true, metadata: { comment } })
  const fields = columns.map(({ name, type, title }) => field(name, type === 'integer' ? 'long' : 'string', title))
  return JSON.stringify({
    type: 'struct',
    fields: [field(partitionColumn, 'date', 'UTC day that was counted'), ...fields],
  })
}

export interface SharedFile {
  readonly url: string
  /** When the URL ends, ms since the Unix epoch. */
  readonly expiresAt: number
  readonly day: string
  readonly bytes: number
  readonly rows: number
  /** Of the file: the same file has the same id, for ever. */
  readonly sha256: string
}

export function fileLine({ url, expiresAt, day, bytes, rows, sha256 }: SharedFile): object {
  return {
    file: {
      url,
      id: sha256.slice(0, 32),
      partitionValues: { [partitionColumn]: day },
      size: bytes,
      stats: JSON.stringify({ numRecords: rows }),
      expirationTimestamp: expiresAt,
    },
  }
}

/** In the form of a UUID, and the same in every process. */
function tableId(dataset: string): string {
  const hex = createHash('sha256').update(`headcount table ${dataset}`).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-')
}
