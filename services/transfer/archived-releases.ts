/** Releases of an export: each file must be what the release's own manifest names, and that what the ledger names. */
import type { LedgerState } from '../../shared/ledger/port.ts'
import type { Manifest } from '../release/manifest.ts'
import { type FrozenRelease, releaseFormats } from '../release/release-store.ts'
import { sha256Hex } from '../release/sha256.ts'
import { type ArchivedFile, ArchiveError } from './archive.ts'
import type { ArchiveReader } from './archive-folder.ts'

/** One at a time; every release that the ledger names, and none beside them. @throws ArchiveError */
export async function* archivedReleases(archive: ArchiveReader, state: LedgerState): AsyncGenerator<FrozenRelease> {
  const files = new Map(archive.named('releases/').map((file) => [file.name, file]))
  for (const { dataset, day, sha256 } of state.releases()) {
    if (sha256 === undefined) continue
    const folder = `releases/${dataset}/${day}`
    const manifest = await take(archive, files, `${folder}/manifest.json`, sha256)
    const named = (JSON.parse(manifest.toString('utf8')) as Manifest).files
    const frozen = []
    for (const { format, sha256: ofFile } of named) {
      if (!releaseFormats.includes(format)) throw notThat(folder)
      frozen.push({ format, bytes: await take(archive, files, `${folder}/release.${format}`, ofFile) })
    }
    yield { day, dataset, manifest, files: frozen }
  }
  const [extra] = files.keys()
  if (extra !== undefined) throw new ArchiveError(`${extra} is in the export, and no release of its ledger has it`)
}

async function take(
  archive: ArchiveReader,
  files: Map<string, ArchivedFile>,
  name: string,
  sha256: string,
): Promise<Buffer> {
  const file = files.get(name)
  if (!file) throw new ArchiveError(`${name} is missing in the export, and its ledger names it`)
  files.delete(name)
  const bytes = await archive.read(file)
  if (sha256Hex(bytes) !== sha256) throw notThat(name)
  return bytes
}

function notThat(name: string): ArchiveError {
  return new ArchiveError(`${name} of the export is not what its ledger says was released: nothing is restored`)
}
