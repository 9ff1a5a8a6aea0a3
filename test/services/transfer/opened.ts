/** Exporting and restoring in this process, over the engines of any settings. */

import { isEmbedded, openAnyWarehouse, openKeyValue } from '../../../services/engines.ts'
import { ArchiveReader } from '../../../services/transfer/archive-folder.ts'
import { type ExportReport, exportInstallation } from '../../../services/transfer/export-installation.ts'
import { whileAlone } from '../../../services/transfer/restore-alone.ts'
import {
  type RestoreReport,
  type RestoreTools,
  restoreInstallation,
} from '../../../services/transfer/restore-installation.ts'
import { readCatalogue } from '../../../shared/catalogue-file.ts'
import { ManualClock } from '../../../shared/clock.ts'
import type { Config } from '../../../shared/config.ts'
import { openLedger } from '../../../shared/ledger/warehouse-ledger.ts'
import { createLogger } from '../../../shared/logger.ts'
import { tookOverAt } from './filled-installation.ts'

export async function withStoresOf<T>(config: Config, use: (tools: RestoreTools) => Promise<T>): Promise<T> {
  const clock = new ManualClock(tookOverAt)
  const options = { config, clock, logger: createLogger({ logLevel: 'silent' }), onFatal: () => undefined }
  const keyValue = await openKeyValue(options)
  try {
    const warehouse = await openAnyWarehouse(options)
    try {
      return await use({ keyValue, warehouse, clock, catalogue: readCatalogue(config.catalogue) })
    } finally {
      await warehouse.close()
    }
  } finally {
    await keyValue.close()
  }
}

export function exportTo(config: Config, dir: string, leaveOpen = true): Promise<ExportReport> {
  return withStoresOf(config, async (tools) => {
    const ledger = await openLedger(tools)
    return await exportInstallation({ ...tools, ledger }, { dir, leaveOpen, to: 'ACME', case: 'T-1' })
  })
}

export function restoreFrom(config: Config, dir: string, revokePartners = false): Promise<RestoreReport> {
  return withStoresOf(config, async (tools) => {
    const archive = await ArchiveReader.open(dir)
    const restore = (more: Partial<RestoreTools>) =>
      restoreInstallation({ ...tools, ...more }, archive, { revokePartners })
    return isEmbedded(config.keyValueUrl)
      ? await restore({})
      : await whileAlone(tools, (stillAlone) => restore({ stillAlone }))
  })
}
