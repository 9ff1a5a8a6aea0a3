/**
 * An installation on real Kafka, Redis and the ClickHouse engine behind the test bridge, with processes of each role, and
 * stores opened beside them, so that a test can plant a breach.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { Report } from '../../services/audit/report.ts'
import type { AuditOptions } from '../../services/command-line/audit.ts'
import { openKeyValue, openWarehouse } from '../../services/engines.ts'
import type { Catalogue } from '../../shared/catalogue.ts'
import { readCatalogue } from '../../shared/catalogue-file.ts'
import { systemClock } from '../../shared/clock.ts'
import { readConfig } from '../../shared/config.ts'
import type { KeyValue } from '../../shared/keyvalue/port.ts'
import type { Ledger } from '../../shared/ledger/port.ts'
import { openLedger } from '../../shared/ledger/warehouse-ledger.ts'
import { createLogger } from '../../shared/logger.ts'
import type { Warehouse } from '../../shared/warehouse/port.ts'
import { Fleet, fleetSecrets } from '../campaign/fleet.ts'
import { auditedCatalogue } from './audited-installation.ts'
import { Auditor } from './auditor.ts'

/** Of the events. */
export const partitions = 4

export class AuditedServers {
  readonly dir: string
  readonly fleet: Fleet
  readonly catalogue: Catalogue
  readonly keyValue: KeyValue
  readonly warehouse: Warehouse
  readonly ledger: Ledger
  readonly #auditor = new Auditor()
  readonly #settings: Record<string, string>

  private constructor(
    dir: string,
    fleet: Fleet,
    settings: Record<string, string>,
    catalogue: Catalogue,
    stores: { keyValue: KeyValue; warehouse: Warehouse; ledger: Ledger },
  ) {
    this.dir = dir
    this.fleet = fleet
    this.catalogue = catalogue
    this.keyValue = stores.keyValue
    this.warehouse = stores.warehouse
    this.ledger = stores.ledger
    this.#settings = settings
  }

  /** Two collectors: each takes sixty requests about choices in a minute, and an audit waits when it has had more. */
  static async start(): Promise<AuditedServers> {
    const dir = await mkdtemp(path.join(os.tmpdir(), 'headcount-audited-servers-'))
    const catalogue = path.join(dir, 'catalogue.yaml')
    await writeFile(catalogue, auditedCatalogue)
    const options = { dir, brokers: 1, partitions, collectors: 2, workers: 1, catalogue } as const
    const fleet = await Fleet.start({ ...options, settings: { HEADCOUNT_K: '' } })
    const asked = [...fleet.of('collector'), ...fleet.of('reporting')]
    await Promise.all(asked.map((one) => one.untilLive('/health/ready')))
    const settings = {
      // Not there: an auditor of servers needs no data folder.
      HEADCOUNT_DATA_DIR: path.join(dir, 'auditor'),
      HEADCOUNT_EVENT_LOG_URL: `kafka://${fleet.kafka.bootstrap.join(',')}/campaign`,
      HEADCOUNT_KEY_VALUE_URL: fleet.redis.url,
      HEADCOUNT_WAREHOUSE_URL: `${fleet.clickhouse.url}/headcount`,
      HEADCOUNT_WRITE_KEY: fleetSecrets.writeKey,
      HEADCOUNT_ADMIN_TOKEN: fleetSecrets.adminToken,
      HEADCOUNT_ANALYST_TOKEN: fleetSecrets.analystToken,
      HEADCOUNT_CATALOGUE: catalogue,
      HEADCOUNT_PARTITIONS: String(partitions),
      HEADCOUNT_LOG_LEVEL: 'error',
    }
    const logger = createLogger({ logLevel: 'silent' })
    const engines = { config: readConfig(settings), clock: systemClock, logger, onFatal: () => undefined }
    const [keyValue, warehouse] = [await openKeyValue(engines), await openWarehouse(engines)]
    const ledger = await openLedger({ keyValue, warehouse, clock: systemClock })
    const stores = { keyValue, warehouse, ledger }
    return new AuditedServers(dir, fleet, settings, readCatalogue(catalogue), stores)
  }

  url(role: 'collector' | 'worker' | 'reporting', at = 0): string {
    return this.fleet.of(role)[at]?.url ?? ''
  }

  /** @param at the collector that the canaries go through */
  audit(at: number, options: Partial<AuditOptions> = {}): Promise<Report> {
    const worker = [this.url('worker')]
    const reporting = [this.url('reporting')]
    return this.#auditor.audit(this.#settings, {
      collector: [this.url('collector', at)],
      worker,
      reporting,
      ...options,
    })
  }

  /** As a person runs it: settings, and where the processes are. */
  get command(): { settings: Record<string, string>; args: string[] } {
    const urls = (['collector', 'worker', 'reporting'] as const).flatMap((role) => [`--${role}`, this.url(role)])
    return { settings: this.#settings, args: ['audit', ...urls] }
  }

  async remove(): Promise<void> {
    await this.#auditor.end()
    await this.keyValue.close()
    await this.warehouse.close()
    await this.fleet.stop()
    await rm(this.dir, { recursive: true, force: true, maxRetries: 10 })
  }
}
