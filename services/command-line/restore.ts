/** `headcount restore DIR`: an export into an empty installation. */
import type { Config } from '../../shared/config.ts'
import { isEmbedded } from '../engines.ts'
import { ArchiveError } from '../transfer/archive.ts'
import { ArchiveReader } from '../transfer/archive-folder.ts'
import { withStores } from '../transfer/open-stores.ts'
import { whileAlone } from '../transfer/restore-alone.ts'
import { restoreInstallation } from '../transfer/restore-installation.ts'

export interface RestoreOptions {
  sha256?: string
  revokePartners: boolean
  withoutOptOuts: boolean
}

export async function restore(config: Config, dir: string, options: RestoreOptions): Promise<void> {
  const archive = await ArchiveReader.open(dir)
  const { sha256, manifest } = archive
  if (options.sha256 !== undefined && options.sha256.trim().toLowerCase() !== sha256)
    throw new ArchiveError(
      `this export has the sha256 ${sha256}, not the one that was given: it is another one, or was changed. Nothing is restored`,
    )
  const withChoices = (manifest.optOuts?.count ?? 0) > 0 && !options.withoutOptOuts
  const report = await withStores(config, { evenUnfinished: true, withChoices }, (stores) =>
    // In one process the data folder's lock is enough.
    isEmbedded(config.keyValueUrl)
      ? restoreInstallation(stores, archive, options)
      : whileAlone(stores, (stillAlone) => restoreInstallation({ ...stores, stillAlone }, archive, options)),
  )
  const { seq, hash } = manifest.ledger
  process.stdout.write(`Restored: ${report.cells} counts and marks, ${report.releases} releases, ${report.entries} entries of the ledger.

  sha256  ${sha256}
  head    ${seq}:${hash}

Everything was read back and compared. \`headcount ledger verify --head ${seq}:${hash}\` shows at any time that the ledger
goes on from there.
${report.givenUp.length === 0 ? '' : `No release of these days can be made here: ${report.givenUp.join(', ')}.\n`}${
  manifest.leftOut.length === 0 ? '' : `Open when it was exported, so not in it: ${manifest.leftOut.join(', ')}.\n`
}${report.undeclared.length === 0 ? '' : `The catalogue here does not declare ${report.undeclared.join(', ')}: these counts are kept, and not answered.\n`}${
  withChoices ? `${report.optOuts} opt-outs were taken over.\n` : 'No opt-outs were taken over.\n'
}${options.revokePartners ? 'Every partner is revoked.\n' : "Partners' keys hold on: `headcount partner list`.\n"}`)
}
