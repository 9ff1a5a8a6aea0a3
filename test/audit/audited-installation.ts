/**
 * An installation in this process, on the system's clock, so that a test can plant a breach in its stores or before its
 * doors. The audit runs in another process, which has the data folder and nothing more.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { after, afterEach, before, describe } from 'node:test'
import type { Report } from '../../services/audit/report.ts'
import type { AuditOptions } from '../../services/command-line/audit.ts'
import { type Engines, type Headcount, startHeadcount } from '../../services/headcount.ts'
import { probe } from '../../services/probe.ts'
import { systemClock } from '../../shared/clock.ts'
import { readConfig } from '../../shared/config.ts'
import { createLogger } from '../../shared/logger.ts'
import { Auditor } from './auditor.ts'

export const auditedCatalogue = `
version: audited-1
title: Audited
k: 5
features: [{ id: dashboard, title: Dashboard }, { id: jobs, title: Jobs }]
dimensions:
  - { id: feature, title: Feature, from: feature }
  - { id: version, title: Version, from: event, values: ["1.13", "2.0", "2.1"] }
releases: { rho: 3/200, deltaThreshold: 1e-9, k: 20, publishAfterHours: 30 }
datasets:
  - id: usage
    title: Usage
    dimensions: [feature, version]
    audience: partners
    release: [{ level: leaf, by: [feature, version], cells: 2, events: 8, share: 1 }]
`

export interface AuditedOptions {
  /** Of the processes that are audited, not of the audit. */
  readonly settings?: Record<string, string>
  readonly wrapEngines?: (engines: Engines) => Engines
}

export class AuditedInstallation {
  readonly dir: string
  readonly catalogueFile: string
  readonly headcount: Headcount

  private constructor(dir: string, catalogueFile: string, headcount: Headcount) {
    this.dir = dir
    this.catalogueFile = catalogueFile
    this.headcount = headcount
  }

  static async start({ settings = {}, wrapEngines }: AuditedOptions = {}): Promise<AuditedInstallation> {
    const root = await mkdtemp(path.join(os.tmpdir(), 'headcount-audited-'))
    const dir = path.join(root, 'data')
    const catalogueFile = path.join(root, 'catalogue.yaml')
    await writeFile(catalogueFile, auditedCatalogue)
    const headcount = await startHeadcount({
      config: readConfig({
        HEADCOUNT_DATA_DIR: dir,
        HEADCOUNT_CATALOGUE: catalogueFile,
        HEADCOUNT_COLLECTOR_PORT: '0',
        HEADCOUNT_REPORTING_PORT: '0',
        HEADCOUNT_LINGER_MS: '0',
        HEADCOUNT_LOG_LEVEL: 'silent',
        ...settings,
      }),
      clock: systemClock,
      logger: createLogger({ logLevel: 'silent' }),
      onFatal: () => undefined,
      ...(wrapEngines && { wrapEngines }),
    })
    const reader = await headcount.engines.warehouse.reader()
    await probe(headcount.collectorUrl, headcount.credentials.writeKey, reader, systemClock)
    await reader.close()
    headcount.markReady()
    return new AuditedInstallation(dir, catalogueFile, headcount)
  }

  /** What an auditor sets. */
  get auditSettings(): Record<string, string> {
    return { HEADCOUNT_DATA_DIR: this.dir, HEADCOUNT_CATALOGUE: this.catalogueFile }
  }

  async remove(): Promise<void> {
    await this.headcount.close()
    await rm(path.dirname(this.dir), { recursive: true, force: true, maxRetries: 10 })
  }
}

/** An installation and an auditor for the tests of a suite. */
export interface AuditedSuite {
  readonly audited: AuditedInstallation
  audit(options?: Partial<AuditOptions>): Promise<Report>
  /** What takes the breach of the running test away again; done after it. */
  mend(by: () => Promise<unknown>): void
}

/**
 * A suite over an installation of its own. At most six audits each: the door of choices takes sixty requests a minute, and
 * an audit waits when it has been asked more often.
 */
export function describeAudited(title: string, options: AuditedOptions, tests: (suite: AuditedSuite) => void): void {
  describe(title, () => {
    let auditor: Auditor
    let audited: AuditedInstallation | undefined
    let mend: (() => Promise<unknown>) | undefined
    before(async () => {
      auditor = new Auditor()
      audited = await AuditedInstallation.start(options)
    })
    afterEach(async () => {
      await mend?.()
      mend = undefined
    })
    after(async () => {
      await auditor.end()
      await audited?.remove()
    })
    tests({
      get audited() {
        if (!audited) throw new Error('the installation is there inside tests only')
        return audited
      },
      audit(given) {
        return auditor.audit(this.audited.auditSettings, given)
      },
      mend(by) {
        mend = by
      },
    })
  })
}
