/** `headcount export-all DIR`: aggregates, releases and ledger, whole, for another installation or another operator. */
import type { Config } from '../../shared/config.ts'
import { DataDirectoryInUseError, readLock } from '../../shared/data-directory.ts'
import { openLedger } from '../../shared/ledger/warehouse-ledger.ts'
import { ForeseenError } from '../start-failure.ts'
import { exportInstallation } from '../transfer/export-installation.ts'
import { withStores } from '../transfer/open-stores.ts'
import { checkTransferText } from '../transfer/transfer-text.ts'
import { withDesk } from './installation.ts'

export interface ExportOptions {
  to: string
  case: string
  open?: 'close' | 'leave-out'
  withOptOuts: boolean
}

export async function exportAll(config: Config, dir: string, options: ExportOptions): Promise<void> {
  const wish = {
    dir,
    to: checkTransferText('--to', options.to),
    case: checkTransferText('--case', options.case),
    leaveOpen: options.open === 'leave-out',
  }
  const holder = await readLock(config.dataDir)
  if (holder) throw new DataDirectoryInUseError(config.dataDir, holder)
  if (options.open === 'close') await closeEverything(config)
  const { sha256, manifest, cells, releases } = await withStores(
    config,
    { evenUnfinished: false, withChoices: options.withOptOuts },
    async (stores) => {
      const ledger = await openLedger(stores)
      return exportInstallation({ ...stores, ledger }, wish)
    },
  )
  const { leftOut, ledger } = manifest
  process.stdout.write(`${dir} has ${cells} counts and marks, ${releases} releases and the ledger up to ${ledger.seq}:${ledger.hash}.

  sha256  ${sha256}

The sha256 is that of manifest.json, which names every file; the ledger here has it too (transfer.exported). Give it to
whoever restores, by another way than the folder: headcount restore DIR --sha256 …
${leftOut.length === 0 ? 'Nothing was open: it is everything.' : `Not in it, as it is open: ${leftOut.join(', ')}.`}
No raw record and no key is in it. ${
    manifest.optOuts
      ? `${manifest.optOuts.count} opt-outs are; who restores them needs the choice key of this installation.`
      : 'Who opted out is not known where it is restored: --with-opt-outs takes that along (infra/business-transfer.md).'
  }
`)
}

/** Each open day, week and month, days first. */
async function closeEverything(config: Config): Promise<void> {
  await withDesk(config, async (desk) => {
    const names = (await desk.keys()).map(({ epoch }) => epoch)
    for (const epoch of names.sort()) {
      await desk.close(epoch)
      process.stdout.write(`${epoch} is closed.\n`)
    }
    const left = await desk.keys()
    if (left.length > 0)
      throw new ForeseenError(
        `${left.map(({ epoch }) => epoch).join(', ')} opened meanwhile: stop the collectors, then give the command again`,
      )
  })
}
