/** The largest rows of a published release, with what the noise may have moved them by: what partners get, to look at. */

import { ProblemError, problem } from '../../../shared/http/problem.ts'
import type { Ledger } from '../../../shared/ledger/port.ts'
import type { FrozenFiles } from '../partner-api/frozen-files.ts'
import { publishedOf } from '../partner-api/published.ts'
import type { ReleasePreview } from './page-answers.ts'

const rowsMax = 20

type Row = Record<string, string | number | null>

/** @throws ProblemError 404, 503 */
export async function previewRelease(
  files: FrozenFiles,
  ledger: Ledger,
  day: string,
  dataset: string,
): Promise<ReleasePreview> {
  const release = publishedOf(await ledger.state(), dataset).find((one) => one.day === day)
  if (!release) throw notPublished()
  const { manifest } = await files.manifest(release)
  const widths = new Map(
    (manifest.intervals.halfWidth95 as Row[]).map(({ level, devices }) => [level, Number(devices)]),
  )
  const { bytes } = await files.file(release, 'ndjson')
  const rows = bytes
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row)
  const dimensions = manifest.columns.slice(1).filter(({ type }) => type === 'string')
  return {
    day,
    dataset,
    publishedAt: release.publishedAt,
    rows: release.rows,
    shown: rows
      .sort((a, b) => Number(b.devices) - Number(a.devices))
      .slice(0, rowsMax)
      .map((row) => ({
        level: String(row.level),
        values: Object.fromEntries(
          dimensions
            .filter(({ name }) => name !== 'flags')
            .map(({ name }) => [name, (row[name] ?? null) as string | null]),
        ),
        devices: Number(row.devices),
        halfWidth95: widths.get(row.level as string) ?? 0,
        flags: String(row.flags ?? ''),
      })),
  }
}

function notPublished(): ProblemError {
  return new ProblemError(
    problem(
      404,
      'not-published',
      'There is no such release',
      'GET /api/v1/releases lists the days and what has become of each.',
    ),
  )
}
