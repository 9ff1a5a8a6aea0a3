/** What files of a release are called when they are stored. */
import type { ReleaseFormat } from '../../release/release-store.ts'

export const endings: Readonly<Record<ReleaseFormat, string>> = {
  csv: 'csv',
  ndjson: 'ndjson',
  parquet: 'parquet',
  // Of the stream form; `.arrow` is the file form.
  arrow: 'arrows',
}

/** `feature_usage-2026-11-23.parquet` */
export function fileName(dataset: string, day: string, format: ReleaseFormat): string {
  return `${dataset}-${day}.${endings[format]}`
}

/** The format of a file of that name; undefined for a name that no file of this release has. */
export function formatOfFile(dataset: string, day: string, name: string): ReleaseFormat | undefined {
  return (Object.keys(endings) as ReleaseFormat[]).find((format) => fileName(dataset, day, format) === name)
}
