/** `headcount audit`: checks the promises on an installation as it stands, and prints a table that can be filed. */
import { readFile } from 'node:fs/promises'
import { readCatalogue } from '../../shared/catalogue-file.ts'
import { systemClock } from '../../shared/clock.ts'
import { type Config, ConfigError } from '../../shared/config.ts'
import { readLock } from '../../shared/data-directory.ts'
import { createLogger } from '../../shared/logger.ts'
import { readPolicy } from '../../shared/policy/policy.ts'
import { audit } from '../audit/audit.ts'
import { isFailed, type Report, reportText } from '../audit/report.ts'
import type { Doors } from '../audit/scene.ts'
import { openEmbeddedStores } from '../audit/stores/embedded-stores.ts'
import { openServerStores } from '../audit/stores/server-stores.ts'
import type { Stores } from '../audit/stores/stores.ts'
import { isEmbedded } from '../engines.ts'
import { readStoredCredentials } from './stored-credentials.ts'

const signals = ['SIGINT', 'SIGTERM'] as const

export interface AuditOptions {
  readonly json: boolean
  readonly collector: readonly string[]
  readonly worker: readonly string[]
  readonly reporting: readonly string[]
  /** Files that log lines go to. */
  readonly log: readonly string[]
  /** `<seq>:<hash>` of the ledger, kept elsewhere. */
  readonly head?: string
}

/** Exit code 1 when a promise is found broken. */
export async function runAudit(config: Config, options: AuditOptions): Promise<void> {
  const report = await makeReport(config, options)
  process.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : reportText(report))
  if (report.verdict === 'FAIL') process.exitCode = 1
}

/** @throws ForeseenError, ConfigError, CatalogueError, or what an engine throws that is away: then nothing was audited */
export async function makeReport(config: Config, options: Omit<AuditOptions, 'json'>): Promise<Report> {
  const now = systemClock.now()
  const [catalogue, policy] = [readCatalogue(config.catalogue), readPolicy(config)]
  const credentials = await readStoredCredentials(config)
  const stores = await openStores(config, credentials.adminToken)
  // What the audit has made for itself goes also when it is interrupted.
  const interrupted = () => void stores.close().finally(() => process.exit(130))
  for (const signal of signals) process.once(signal, interrupted)
  try {
    const doors = await findDoors(config, options)
    const audited = { config, catalogue, policy, credentials, doors, stores, logFiles: options.log }
    const keptHead = options.head === undefined ? {} : { keptHead: options.head }
    const { checks, remains } = await audit({ ...audited, ...keptHead }, now)
    return {
      date: new Date(now).toISOString(),
      installation: stores.where,
      engines: stores.engines,
      version: await ownVersion(),
      catalogue: `${catalogue.title} ${catalogue.version}`,
      policy: { version: policy.version, sha256: policy.sha256 },
      remains,
      checks,
      verdict: isFailed(checks) ? 'FAIL' : 'PASS',
    }
  } finally {
    for (const signal of signals) process.off(signal, interrupted)
    await stores.close()
  }
}

function openStores(config: Config, adminToken: string): Promise<Stores> {
  if (isEmbedded(config.eventLogUrl) && isEmbedded(config.keyValueUrl) && isEmbedded(config.warehouseUrl))
    return openEmbeddedStores(config.dataDir, systemClock)
  const logger = createLogger({ ...config, logLevel: config.logLevel === 'info' ? 'warn' : config.logLevel })
  const onFatal = (error: unknown) => {
    throw error
  }
  return openServerStores({ config, clock: systemClock, logger, onFatal }, adminToken)
}

/** Those given; else of an embedded installation those that its lock names, of servers those of the settings. */
async function findDoors(config: Config, { collector, worker, reporting }: Omit<AuditOptions, 'json'>): Promise<Doors> {
  const given = [collector, worker, reporting].map((urls) => urls.map(withoutSlash))
  const [collectors = [], workers = [], reportings = []] = given
  const found = await defaultDoors(config)
  return {
    collectors: collectors.length > 0 ? collectors : found.collectors,
    workers: workers.length > 0 ? workers : found.workers,
    reporting: reportings.length > 0 ? reportings : found.reporting,
  }
}

async function defaultDoors(config: Config): Promise<Doors> {
  if (isEmbedded(config.eventLogUrl)) {
    const { collectorUrl, reportingUrl } = (await readLock(config.dataDir)) ?? {}
    return {
      collectors: collectorUrl === undefined ? [] : [collectorUrl],
      workers: [],
      reporting: reportingUrl === undefined ? [] : [reportingUrl],
    }
  }
  const at = (port: number) => [`http://${config.host}:${port}`]
  return { collectors: at(config.collectorPort), workers: at(config.workerPort), reporting: at(config.reportingPort) }
}

function withoutSlash(url: string): string {
  if (!URL.canParse(url)) throw new ConfigError(`${url} is no address of a process; give it like http://127.0.0.1:8080`)
  return url.replace(/\/+$/, '')
}

async function ownVersion(): Promise<string> {
  const manifest = await readFile(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}
