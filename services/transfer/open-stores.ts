/** The warehouse and the key-value store of an installation, without its worker and its log: for exporting and restoring. */

import type { Catalogue } from '../../shared/catalogue.ts'
import { readCatalogue } from '../../shared/catalogue-file.ts'
import { type Clock, systemClock } from '../../shared/clock.ts'
import type { Config } from '../../shared/config.ts'
import { lockDataDirectory } from '../../shared/data-directory.ts'
import type { KeyValue } from '../../shared/keyvalue/port.ts'
import { createLogger } from '../../shared/logger.ts'
import type { Warehouse } from '../../shared/warehouse/port.ts'
import { isEmbedded, openAnyWarehouse, openKeyValue, openWarehouse } from '../engines.ts'

export interface OpenStores {
  readonly warehouse: Warehouse
  readonly keyValue: KeyValue
  readonly catalogue: Catalogue
  readonly clock: Clock
}

/**
 * @param evenUnfinished also with half of an export in the tables
 * @throws DataDirectoryInUseError while the installation runs in one process
 */
export async function withStores<T>(
  config: Config,
  { evenUnfinished }: { evenUnfinished: boolean },
  work: (stores: OpenStores) => Promise<T>,
): Promise<T> {
  const catalogue = readCatalogue(config.catalogue)
  const logger = createLogger({ ...config, logLevel: config.logLevel === 'info' ? 'warn' : config.logLevel })
  const options = { config, clock: systemClock, logger, onFatal: (error: unknown) => logger.error({ err: error }) }
  const undo: (() => Promise<unknown>)[] = []
  try {
    if ([config.eventLogUrl, config.keyValueUrl, config.warehouseUrl].some(isEmbedded)) {
      const lock = await lockDataDirectory(config.dataDir, {})
      undo.push(() => lock.release())
    }
    const keyValue = await openKeyValue(options)
    undo.push(() => keyValue.close())
    const warehouse = await (evenUnfinished ? openAnyWarehouse : openWarehouse)(options)
    undo.push(() => warehouse.close())
    return await work({ warehouse, keyValue, catalogue, clock: systemClock })
  } finally {
    for (const step of undo.reverse()) await step()
  }
}
