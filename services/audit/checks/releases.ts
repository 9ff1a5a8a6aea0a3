/** share-aggregate: every published byte is the one that the ledger has the hash of. */

import type { ReleaseState } from '../../../shared/ledger/port.ts'
import type { Manifest } from '../../release/manifest.ts'
import { ReleaseReader, releasesTable } from '../../release/release-store.ts'
import { type Check, fail, named, notApplicable, type Outcome, pass } from '../check.ts'
import type { Scene } from '../scene.ts'

export const releasesCheck: Check<Scene> = {
  id: 'releases',
  promise: 'every file of every release has, byte for byte, the SHA-256 that the ledger has of it',
  clauses: ['share-aggregate', 'never-disclose', 'disclosure-notice'],
  async look({ state, tables }): Promise<Outcome> {
    if (!state) return notApplicable('the chain does not verify (line `ledger`): nothing is concluded from it')
    const reader = new ReleaseReader({
      select: (sql, params) => tables.select(sql, params),
      close: async () => undefined,
    })
    const frozen = state.releases().filter((release) => release.sha256 !== undefined)
    let files = 0
    const wrong: string[] = []
    for (const release of frozen) {
      try {
        files += await verifyRelease(reader, release)
      } catch (error) {
        wrong.push((error as Error).message)
      }
    }
    wrong.push(...(await unknownReleases(tables, frozen)))
    if (wrong.length > 0) return fail(named(wrong))
    return pass(`${frozen.length} releases, ${files} files, each as the ledger has it`)
  },
}

/** @returns how many files it has. @throws Error that says what is wrong */
async function verifyRelease(reader: ReleaseReader, { dataset, day, sha256 = '' }: ReleaseState): Promise<number> {
  const manifest = await reader.manifest(dataset, day, sha256)
  if (!manifest) throw new Error(`the manifest of ${dataset} on ${day} is missing`)
  const { files } = JSON.parse(manifest.toString('utf8')) as Manifest
  for (const { format, sha256: ofFile } of files)
    if (!(await reader.file(dataset, day, sha256, format, ofFile)))
      throw new Error(`the ${format} of ${dataset} on ${day} is missing`)
  return files.length
}

/** Of a day that the ledger has no release of. What was drawn by a process that then died is not handed out, and may stay. */
async function unknownReleases(tables: Scene['tables'], known: readonly ReleaseState[]): Promise<string[]> {
  const rows = await tables.select<{ dataset: string; day: string }>(
    `SELECT DISTINCT dataset, toString(day) AS day FROM ${releasesTable}`,
  )
  const names = new Set(known.map(({ dataset, day }) => `${dataset} ${day}`))
  return rows
    .filter(({ dataset, day }) => !names.has(`${dataset} ${day}`))
    .map(({ dataset, day }) => `the tables have a release of ${dataset} on ${day} that the ledger does not have`)
}
