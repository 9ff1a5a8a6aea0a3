/**
 * The composition root: picks the engines once, and runs collector, worker and reporting over them in one process.
 */
import path from 'node:path'
import type { Catalogue } from '../shared/catalogue.ts'
import { readCatalogue } from '../shared/catalogue-file.ts'
import type { Clock } from '../shared/clock.ts'
import type { Config } from '../shared/config.ts'
import { type Credentials, loadCredentials } from '../shared/credentials.ts'
import { lockDataDirectory } from '../shared/data-directory.ts'
import type { EventLog } from '../shared/eventlog/port.ts'
import { keyCheck } from '../shared/http/authorization.ts'
import type { KeyValue } from '../shared/keyvalue/port.ts'
import type { Ledger } from '../shared/ledger/port.ts'
import { openLedger } from '../shared/ledger/warehouse-ledger.ts'
import type { Logger } from '../shared/logger.ts'
import { createMetrics, type Metrics } from '../shared/metrics.ts'
import { readPolicy } from '../shared/policy/policy.ts'
import type { Warehouse } from '../shared/warehouse/port.ts'
import { LogSink } from './collector/event-sink.ts'
import { createUnitHash } from './collector/partition.ts'
import { addChoiceDoor } from './collector/privacy/choice-door.ts'
import { type Collector, createCollector } from './collector/server.ts'
import { isEmbedded, openChoiceBook, openEventLog, openKeyValue, openWarehouse } from './engines.ts'
import type { Desk } from './operator/desk.ts'
import { LocalDesk } from './operator/local-desk.ts'
import { addOperatorDoor } from './operator/operator-door.ts'
import { PageDemo } from './operator/page-demo.ts'
import { ReleaseRequests, releaseWaitMs } from './operator/release-requests.ts'
import { enterServed, SubjectDesk } from './operator/subject-desk.ts'
import { contactOf } from './privacy-page/privacy-facts.ts'
import { ReleaseReader } from './release/release-store.ts'
import { addDisclosures } from './reporting/privacy/disclosures.ts'
import { createReporting, type Reporting } from './reporting/server.ts'
import { lookAtRetention } from './retention/look-at-retention.ts'
import { openLocator } from './worker/locate.ts'
import { Sealer } from './worker/seal/sealer.ts'
import { Worker } from './worker/worker.ts'

export interface Engines {
  readonly log: EventLog
  readonly keyValue: KeyValue
  readonly warehouse: Warehouse
}

export interface HeadcountOptions {
  readonly config: Config
  readonly clock: Clock
  readonly logger: Logger
  /** Called when the process can no longer do its work and must end. */
  readonly onFatal: (error: unknown) => void
  /** Without servers: for commands that work on the data directory by themselves. Default true. */
  readonly listen?: boolean
  /** Wraps the engines before they are used; for tests that make them fail. */
  readonly wrapEngines?: (engines: Engines) => Engines
}

/** A running installation. */
export interface Headcount {
  readonly collectorUrl: string
  /** Undefined without a certificate. */
  readonly collectorTlsUrl: string | undefined
  readonly reportingUrl: string
  readonly credentials: Credentials
  readonly catalogue: Catalogue
  readonly engines: Engines
  readonly worker: Worker
  readonly desk: Desk
  readonly ledger: Ledger
  readonly metrics: Metrics
  /** Says that a probe has gone through every stage: from now on `/health/ready` answers 200. */
  markReady(): void
  /** Stops taking events, finishes what runs, releases the data directory. */
  close(): Promise<void>
}

/**
 * Starts everything on the embedded engines. What was opened is closed again when a later part fails.
 * @throws ConfigError, CatalogueError, DataDirectoryInUseError
 */
export async function startHeadcount(options: HeadcountOptions): Promise<Headcount> {
  const { config, clock, logger } = options
  const undo: (() => Promise<unknown>)[] = []
  const close = async () => {
    for (const step of undo.splice(0).reverse()) await step()
  }
  try {
    const catalogue = readCatalogue(config.catalogue)
    const policy = readPolicy(config)
    const locate = await openLocator(config.geoipMmdb)
    const lock = await lockDataDirectory(config.dataDir, {})
    undo.push(() => lock.release())
    const credentials = await loadCredentials(config)
    const metrics = createMetrics()
    const engines = await openEngines(options, undo)
    const choices = await openChoiceBook(options, credentials.adminToken)
    undo.push(() => choices.log.close())
    const ledger = await openLedger({ ...engines, clock })
    const sealing = { ...engines, ledger, choices, catalogue, clock, locate, logger, metrics }
    const worker = new Worker({
      ...engines,
      sealer: new Sealer({ ...sealing, scratchDir: path.join(config.dataDir, 'scratch', 'seal') }),
      choices,
      ledger,
      policy,
      lookAtRetention: () =>
        lookAtRetention({ ...engines, ledger, choices: choices.log, clock, dataDir: config.dataDir }),
      catalogue,
      clock,
      logger,
      metrics,
      locate,
      lingerMs: config.lingerMs,
      scratchDir: path.join(config.dataDir, 'scratch'),
      onFatal: options.onFatal,
    })
    await worker.start()
    undo.push(() => worker.drain())
    const secrets = { choiceKey: config.choiceKey, adminToken: credentials.adminToken }
    const subjects = new SubjectDesk({
      choices,
      log: engines.log,
      ledger,
      policy,
      secrets,
      eventLogUrl: config.eventLogUrl,
    })
    const desk = new LocalDesk({
      subjects,
      ...engines,
      ledger,
      choices,
      dataDir: config.dataDir,
      mayHoldRaw: isEmbedded(config.eventLogUrl),
      writeKey: credentials.writeKey,
      catalogue,
      clock,
      nudge: () => worker.maintain(),
    })
    const requests = new ReleaseRequests({ ...engines, ledger, catalogue, clock, nudge: () => worker.maintain() })
    const { held } = subjects
    const served = enterServed(ledger)
    let probed = false
    const readiness = () => ({
      ready: probed,
      checks: { probe: probed ? 'ok' : 'the first event has not come through yet' },
    })
    const parts = {
      config,
      catalogue,
      policy,
      credentials,
      clock,
      logger,
      metrics,
      readiness,
      keyValue: engines.keyValue,
    }
    let servers: { collector: Collector; reporting: Reporting } | undefined
    let urls = { collectorUrl: '', reportingUrl: '' }
    if (options.listen !== false) {
      const reader = await engines.warehouse.reader()
      undo.push(() => reader.close())
      const isOneProcess = [config.eventLogUrl, config.keyValueUrl, config.warehouseUrl].every(isEmbedded)
      const demo = isOneProcess
        ? new PageDemo({ ...parts, ledger, reader, k: config.k ?? catalogue.k, urls: () => urls })
        : undefined
      servers = {
        collector: await createCollector({
          ...parts,
          choices,
          held,
          served,
          sink: new LogSink(engines.log, createUnitHash(credentials.writeKey)),
          extend: async (app) => {
            addDisclosures(app, { ledger, clock, catalogue, contact: contactOf(config.contact, policy) })
            await addOperatorDoor(app, { desk, isAdminToken: keyCheck(credentials.adminToken), logger })
          },
        }),
        reporting: await createReporting({
          ...parts,
          choices,
          extend: (app) =>
            addChoiceDoor(app, { ...parts, choices, held, served, isWriteKey: keyCheck(credentials.writeKey) }),
          ...(demo && { demo }),
          reader,
          ledger,
          releases: new ReleaseReader(reader),
          requestRelease: (day) => requests.askAndWait(day, releaseWaitMs),
        }),
      }
      const { collector, reporting } = servers
      undo.push(() => reporting.drain())
      const reportingUrl = await reporting.listen()
      // The collector goes first when everything stops: no event is taken that nobody would look after.
      undo.push(() => collector.drain())
      urls = { collectorUrl: await collector.listen(), reportingUrl }
      await lock.update(urls)
      // It sends and asks by itself, so it ends before the servers do.
      if (demo) undo.push(() => demo.close())
    }
    return {
      ...urls,
      collectorTlsUrl: servers?.collector.tlsUrl,
      credentials,
      catalogue,
      engines,
      worker,
      desk,
      ledger,
      metrics,
      markReady: () => {
        probed = true
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function openEngines(options: HeadcountOptions, undo: (() => Promise<unknown>)[]): Promise<Engines> {
  const log = await openEventLog(options)
  undo.push(() => log.close())
  const keyValue = await openKeyValue(options)
  undo.push(() => keyValue.close())
  const warehouse = await openWarehouse(options)
  undo.push(() => warehouse.close())
  const engines = { log, keyValue, warehouse }
  return options.wrapEngines ? options.wrapEngines(engines) : engines
}
