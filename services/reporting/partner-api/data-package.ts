/** A release as a Frictionless Data Package (v1): the same JSON text for the same manifest, always. */
import type { Manifest } from '../../release/manifest.ts'
import type { ReleaseFormat } from '../../release/release-store.ts'
import { fileName } from './file-names.ts'

/** Paths are names of files beside `datapackage.json`, on the server as in a folder into which all were downloaded. */
export function dataPackageOf(manifest: Manifest): Buffer {
  const { dataset, day, title, publishAt, specification, columns, files, notes, rows } = manifest
  const fields = columns.map(({ name, type, title: columnTitle, nullable }) => ({
    name,
    type,
    title: columnTitle,
    ...(!nullable && { constraints: { required: true } }),
  }))
  const resources = files.map(({ format, mediaType, bytes, sha256 }) => ({
    name: `${format}`,
    path: fileName(dataset, day, format),
    title: `${title}, ${day}, as ${format}`,
    format,
    mediatype: mediaType,
    bytes,
    hash: `sha256:${sha256}`,
    ...describeTable(format, fields),
  }))
  const text = {
    profile: 'data-package',
    name: `${dataset}-${day}`.toLowerCase(),
    title: `${title}, ${day}`,
    description: notes.join('\n'),
    version: specification.slice(0, 12),
    created: publishAt,
    day,
    rows,
    resources,
  }
  return Buffer.from(`${JSON.stringify(text, null, 2)}\n`)
}

/** Only of CSV does the standard say how a table is read. */
function describeTable(format: ReleaseFormat, fields: readonly object[]): object {
  if (format !== 'csv') return { schema: { fields } }
  return {
    profile: 'tabular-data-resource',
    encoding: 'utf-8',
    dialect: { delimiter: ',', lineTerminator: '\r\n', quoteChar: '"', doubleQuote: true, header: true },
    schema: { fields, missingValues: [''] },
  }
}
