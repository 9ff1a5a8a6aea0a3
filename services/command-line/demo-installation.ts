/** The installation that a demo sends to: the one that runs on the data folder, else one in this process for as long. */

import type { Catalogue } from '../../shared/catalogue.ts'
import { publicCatalogue } from '../../shared/catalogue.ts'
import { readCatalogue } from '../../shared/catalogue-file.ts'
import { systemClock } from '../../shared/clock.ts'
import { type Config, ConfigError } from '../../shared/config.ts'
import type { Credentials } from '../../shared/credentials.ts'
import { DataDirectoryInUseError, readLock } from '../../shared/data-directory.ts'
import { createLogger } from '../../shared/logger.ts'
import { startHeadcount } from '../headcount.ts'
import { probe } from '../probe.ts'
import { readStoredCredentials } from './stored-credentials.ts'

export interface Installation {
  readonly collectorUrl: string
  readonly reportingUrl: string
  readonly credentials: Credentials
  readonly catalogue: Catalogue
  /** Started for the demo: nobody else sends to it. */
  readonly isOwn: boolean
  close(): Promise<void>
}

/**
 * @param onFatal called when an installation started here can no longer work
 * @throws DataDirectoryInUseError while a command has the data folder, ConfigError, CatalogueError
 */
export async function openInstallation(config: Config, onFatal: (error: unknown) => void): Promise<Installation> {
  const holder = await readLock(config.dataDir)
  if (!holder) return startOne(config, onFatal)
  const { collectorUrl, reportingUrl } = holder
  if (!collectorUrl || !reportingUrl) throw new DataDirectoryInUseError(config.dataDir, holder)
  const catalogue = readCatalogue(config.catalogue)
  await mustBeInForce(catalogue, collectorUrl)
  const credentials = await readStoredCredentials(config)
  if (credentials.writeKey === '' || credentials.analystToken === '') {
    throw new ConfigError(
      'The keys of the running installation are not known here. Set HEADCOUNT_WRITE_KEY and HEADCOUNT_ANALYST_TOKEN as for `npm start`, and run as the same user.',
    )
  }
  return { collectorUrl, reportingUrl, credentials, catalogue, isOwn: false, close: async () => undefined }
}

async function startOne(config: Config, onFatal: (error: unknown) => void): Promise<Installation> {
  process.stdout.write(`No installation runs on ${config.dataDir}; starting one for the demo.\n`)
  const logger = createLogger({ ...config, logLevel: config.logLevel === 'info' ? 'warn' : config.logLevel })
  const headcount = await startHeadcount({ config, clock: systemClock, logger, onFatal })
  try {
    const reader = await headcount.engines.warehouse.reader()
    try {
      await probe(headcount.collectorUrl, headcount.credentials.writeKey, reader, systemClock)
    } finally {
      await reader.close()
    }
  } catch (error) {
    await headcount.close()
    throw error
  }
  headcount.markReady()
  const { collectorUrl, reportingUrl, credentials, catalogue } = headcount
  return { collectorUrl, reportingUrl, credentials, catalogue, isOwn: true, close: () => headcount.close() }
}

/** Natural keys are not in the public catalogue, so the file is read; it must be the one that the installation has. */
async function mustBeInForce(catalogue: Catalogue, collectorUrl: string): Promise<void> {
  const answer = await fetch(`${collectorUrl}/v1/catalogue`)
  const inForce = JSON.stringify(await answer.json())
  if (inForce === JSON.stringify(publicCatalogue(catalogue))) return
  throw new ConfigError(
    `The installation at ${collectorUrl} has another catalogue than this command. Set HEADCOUNT_CATALOGUE as it was set for the installation, or restart that one if the file has changed.`,
  )
}
