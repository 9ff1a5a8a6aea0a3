/** The warehouse and the key-value store of an installation, without its worker and its log: for exporting and restoring. */

import type { Catalogue } from '../../shared/catalogue.ts'
import { readCatalogue } from '../../shared/catalogue-file.ts'
import { choiceKeyFingerprint, choiceKeyFrom } from '../../shared/choices/subject.ts'
import { type Clock, systemClock } from '../../shared/clock.ts'
import type { Config } from '../../shared/config.ts'
import { lockDataDirectory } from '../../shared/data-directory.ts'
import type { KeyValue } from '../../shared/keyvalue/port.ts'
import { createLogger } from '../../shared/logger.ts'
import type { Warehouse } from '../../shared/warehouse/port.ts'
import { readStoredCredentials } from '../command-line/stored-credentials.ts'
import {
  type EngineOptions,
  isEmbedded,
  openAnyWarehouse,
  openChoiceBook,
  openKeyValue,
  openWarehouse,
} from '../engines.ts'
import { ForeseenError } from '../start-failure.ts'
import type { OpenChoices } from './opt-outs.ts'

export interface OpenStores {
  readonly warehouse: Warehouse
  readonly keyValue: KeyValue
  readonly catalogue: Catalogue
  readonly clock: Clock
  /** Where they were asked for. */
  readonly choices: OpenChoices | undefined
}

/**
 * @param evenUnfinished also with half of an export in the tables
 * @throws DataDirectoryInUseError while the installation runs in one process
 * @throws ForeseenError when choices are wanted and there is no secret for their key
 */
export async function withStores<T>(
  config: Config,
  { evenUnfinished, withChoices }: { evenUnfinished: boolean; withChoices: boolean },
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
    const choices = withChoices ? await openChoices(options) : undefined
    if (choices) undo.push(() => choices.log.close())
    return await work({ warehouse, keyValue, catalogue, clock: systemClock, choices })
  } finally {
    for (const step of undo.reverse()) await step()
  }
}

async function openChoices(options: EngineOptions): Promise<OpenChoices> {
  const { config } = options
  const { adminToken } = await readStoredCredentials(config)
  const secret = config.choiceKey || adminToken
  if (secret === '')
    throw new ForeseenError(
      'opt-outs are kept under the choice key, and there is none here: set HEADCOUNT_CHOICE_KEY to that of the installation that they come from (where it had none: its admin token)',
    )
  const { log } = await openChoiceBook(options, adminToken)
  await log.catchUp()
  return { log, fingerprint: choiceKeyFingerprint(choiceKeyFrom(secret)) }
}
