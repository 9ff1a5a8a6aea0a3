/** How a command reaches the installation: the running one over its door, else by opening the data directory itself. */
import { readCatalogue } from '../../shared/catalogue-file.ts'
import { systemClock } from '../../shared/clock.ts'
import type { Config } from '../../shared/config.ts'
import { DataDirectoryInUseError, readLock } from '../../shared/data-directory.ts'
import { openLedger } from '../../shared/ledger/warehouse-ledger.ts'
import { createLogger } from '../../shared/logger.ts'
import { readPolicy } from '../../shared/policy/policy.ts'
import { isEmbedded, openChoiceBook, openEventLog, openKeyValue, openWarehouse } from '../engines.ts'
import { startHeadcount } from '../headcount.ts'
import type { Desk } from '../operator/desk.ts'
import { LocalDesk } from '../operator/local-desk.ts'
import { RemoteDesk } from '../operator/remote-desk.ts'
import { SubjectDesk } from '../operator/subject-desk.ts'
import { givenSecrets, requireServers } from '../role.ts'
import { readStoredCredentials } from './stored-credentials.ts'

/**
 * Runs `work` with the installation of `config.dataDir`, running or not.
 * @throws DataDirectoryInUseError when another command has it open
 */
export async function withDesk<T>(config: Config, work: (desk: Desk) => Promise<T>): Promise<T> {
  if (!isEmbedded(config.eventLogUrl) && !isEmbedded(config.keyValueUrl)) return withServers(config, work)
  const holder = await readLock(config.dataDir)
  if (holder) {
    if (!holder.collectorUrl) throw new DataDirectoryInUseError(config.dataDir, holder)
    const { adminToken } = await readStoredCredentials(config)
    return work(new RemoteDesk(holder.collectorUrl, adminToken))
  }
  // Only what goes wrong is of interest in a command's output.
  const logger = createLogger({ ...config, logLevel: config.logLevel === 'info' ? 'warn' : config.logLevel })
  let fail: (error: unknown) => void = () => undefined
  const failed = new Promise<never>((_, reject) => {
    fail = reject
  })
  failed.catch(() => undefined)
  const headcount = await startHeadcount({
    config,
    clock: systemClock,
    logger,
    listen: false,
    onFatal: (error) => fail(error),
  })
  try {
    return await Promise.race([work(headcount.desk), failed])
  } finally {
    await headcount.close()
  }
}

/** Processes of their own do the work: the command talks to them through the event log and the key-value store. */
async function withServers<T>(config: Config, work: (desk: Desk) => Promise<T>): Promise<T> {
  requireServers('command beside collectors and workers', config, 'warehouseUrl')
  const { writeKey } = givenSecrets('command beside collectors and workers', config, 'writeKey')
  const catalogue = readCatalogue(config.catalogue)
  const logger = createLogger({ ...config, logLevel: config.logLevel === 'info' ? 'warn' : config.logLevel })
  let fail: (error: unknown) => void = () => undefined
  const failed = new Promise<never>((_, reject) => {
    fail = reject
  })
  failed.catch(() => undefined)
  const options = { config, clock: systemClock, logger, onFatal: (error: unknown) => fail(error) }
  const opened: { close(): Promise<void> }[] = []
  const keep = <Engine extends { close(): Promise<void> }>(engine: Engine) => {
    opened.push(engine)
    return engine
  }
  try {
    const log = keep(await openEventLog(options))
    const keyValue = keep(await openKeyValue(options))
    const warehouse = keep(await openWarehouse(options))
    const ledger = await openLedger({ keyValue, warehouse, clock: systemClock })
    // Without the secret that they are kept under, they are left alone.
    const choices = config.choiceKey || config.adminToken ? await openChoiceBook(options, config.adminToken) : undefined
    if (choices) keep(choices.log)
    await Promise.race([choices?.log.catchUp(), failed])
    // Workers tell how far they are each second, and heed what is announced.
    const nudge = async () => undefined
    const { dataDir, choiceKey, adminToken } = config
    const secrets = { choiceKey, adminToken }
    const subjects =
      choices &&
      new SubjectDesk({ choices, log, ledger, policy: readPolicy(config), secrets, eventLogUrl: config.eventLogUrl })
    const tools = {
      log,
      keyValue,
      warehouse,
      ledger,
      ...(choices && subjects && { choices, subjects }),
      catalogue,
      dataDir,
      mayHoldRaw: false,
    }
    const desk = new LocalDesk({ ...tools, clock: systemClock, writeKey, nudge })
    return await Promise.race([work(desk), failed])
  } finally {
    for (const engine of opened.reverse()) await engine.close()
  }
}
