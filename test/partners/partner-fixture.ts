/**
 * Reporting with partners over a real warehouse, ledger and releases; the files are ClickHouse's own, of rows given here.
 * Each instance has a ledger of its own over the same stores, as each process has.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Response as Answer, InjectOptions } from 'light-my-request'
import type { ReleaseAnswer } from '../../services/operator/release-requests.ts'
import { addPartner } from '../../services/partners/partner-registry.ts'
import { manifestOf } from '../../services/release/manifest.ts'
import { releaseFiles } from '../../services/release/release-files.ts'
import { ReleaseStore } from '../../services/release/release-store.ts'
import type { ReleaseRow } from '../../services/release/release-types.ts'
import { specificationsOf } from '../../services/release/specification.ts'
import { createReporting, type Reporting } from '../../services/reporting/server.ts'
import { parseCatalogue } from '../../shared/catalogue-file.ts'
import { ManualClock } from '../../shared/clock.ts'
import { readConfig } from '../../shared/config.ts'
import { formatFraction } from '../../shared/fraction.ts'
import type { Ledger, LedgerEntry } from '../../shared/ledger/port.ts'
import { openLedger } from '../../shared/ledger/warehouse-ledger.ts'
import { createLogger } from '../../shared/logger.ts'
import { createMetrics } from '../../shared/metrics.ts'
import { openEmbeddedWarehouse } from '../../shared/warehouse/embedded.ts'
import type { Warehouse } from '../../shared/warehouse/port.ts'
import { createTable } from '../../shared/warehouse/schema.ts'
import { MemoryKeyValue } from '../doubles/memory-key-value.ts'

const catalogueText = `
version: partners-1
title: Tests
k: 5
features: [{ id: dashboard, title: Dashboard }, { id: jobs, title: Jobs }]
dimensions:
  - { id: feature, title: Feature, from: feature }
  - { id: version, title: Version, from: event, values: ["1.13", "2.0", "2.1"] }
  - { id: variant, title: Variant, from: event, values: [open, enterprise] }
releases: { rho: 3/200, deltaThreshold: 1e-9, k: 20, publishAfterHours: 30 }
datasets:
  - id: usage
    title: Usage
    dimensions: [feature, version]
    audience: partners
    release: [{ level: leaf, by: [feature, version], cells: 2, events: 8, share: 1 }]
  - id: variants
    title: Variants
    dimensions: [variant]
    audience: partners
    release: [{ level: leaf, by: [variant], cells: 1, events: 8, share: 1 }]
  - { id: internal, title: Internal, dimensions: [feature], audience: analysts }
`

export const tokens = {
  writeKey: 'write-key-of-the-tests',
  adminToken: 'admin-token-of-the-tests',
  analystToken: 'analyst-token-of-the-tests',
}

/** Rows with everything that a release can have: null in text, a withheld sum, flags, quotes, more than ASCII. */
export const usageRows: ReleaseRow[] = [
  { level: 'leaf', values: ['dashboard', '2.0'], devices: 1204n, sums: [5310n], flags: [] },
  { level: 'leaf', values: ['jobs', '1.13'], devices: 99n, sums: [null], flags: ['near_threshold', 'withheld'] },
  { level: 'leaf', values: ['say "hi", ünï', '2.1'], devices: 480n, sums: [-12n], flags: [] },
  { level: 'parent', values: ['dashboard', null], devices: 1260n, sums: [9007199254740991n], flags: [] },
  { level: 'total', values: [null, null], devices: 1811n, sums: [7741n], flags: ['near_threshold'] },
]

export interface FixtureOptions {
  readonly env?: Record<string, string>
  /** Wraps the ledger of the first instance, to make it fail. */
  readonly wrapLedger?: (ledger: Ledger) => Ledger
  readonly requestRelease?: (day: string) => Promise<ReleaseAnswer>
}

export class PartnerFixture {
  readonly catalogue = parseCatalogue(catalogueText, 'test.yaml')
  readonly clock = new ManualClock('2026-11-25T10:15:00Z')
  readonly keyValue = new MemoryKeyValue(this.clock)
  readonly metrics = createMetrics(false)
  readonly #specifications = new Map(specificationsOf(this.catalogue).map((one) => [one.dataset, one]))
  warehouse!: Warehouse
  store!: ReleaseStore
  ledger!: Ledger
  reporting!: Reporting
  readonly #options: FixtureOptions
  #others: Reporting[] = []
  #dir = ''

  constructor(options: FixtureOptions = {}) {
    this.#options = options
  }

  async open(): Promise<this> {
    this.#dir = await mkdtemp(path.join(tmpdir(), 'headcount-partners-'))
    this.warehouse = await openEmbeddedWarehouse({ dir: path.join(this.#dir, 'warehouse') })
    await this.warehouse.command(createTable(this.catalogue))
    this.store = new ReleaseStore(this.warehouse)
    await this.store.prepare()
    this.ledger = await openLedger(this)
    this.reporting = await this.#create(this.#options.wrapLedger?.(this.ledger) ?? this.ledger)
    return this
  }

  /** As another process over the same stores: what it knows of the ledger it reads from them. */
  async another(): Promise<Reporting> {
    const other = await this.#create(await openLedger(this))
    this.#others.push(other)
    return other
  }

  async close(): Promise<void> {
    for (const one of [this.reporting, ...this.#others]) await one.drain()
    await this.warehouse.close()
    await rm(this.#dir, { recursive: true, force: true })
  }

  async partner(name: string, datasets: string[], until = '2027-01-01'): Promise<{ partner: string; key: string }> {
    const known = new Set(this.#specifications.keys())
    return addPartner(this.ledger, this.clock, { name, datasets, purpose: 'tests', until }, known)
  }

  /** Freezes rows as a day's release and writes every step into the ledger, up to `state`. Returns the manifest's SHA-256. */
  async release(
    dataset: string,
    day: string,
    rows: readonly ReleaseRow[],
    state: 'RESERVED' | 'SEALED' | 'PUBLISHED' = 'PUBLISHED',
  ): Promise<string> {
    const specification = this.#specifications.get(dataset)
    assert.ok(specification)
    const { hash, rho, delta } = specification
    const files = await releaseFiles(this.warehouse, specification, rows)
    const publishAt = '2026-11-25T06:00:00.000Z'
    const manifest = manifestOf(this.catalogue, specification, { day, publishAt, rows: rows.length, files })
    const bytes = Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`)
    const sha256 = await this.store.save({ day, dataset, manifest: bytes, files })
    const names = { day, dataset }
    const steps = [
      {
        kind: 'budget.reserved',
        ...names,
        specification: hash,
        rho: formatFraction(rho),
        delta: formatFraction(delta),
      },
      { kind: 'release.sealed', ...names, sha256, rows: rows.length, publishAt },
      { kind: 'release.published', ...names, sha256 },
    ] as const
    const count = { RESERVED: 1, SEALED: 2, PUBLISHED: 3 }[state]
    await this.ledger.append(() => ({ events: steps.slice(0, count), result: undefined }))
    return sha256
  }

  /** @param path below `/partner/v1/`, or from the root where it starts with a slash */
  async ask(
    path: string,
    key: string,
    more: Omit<InjectOptions, 'url'> & { from?: Reporting; headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    const { from = this.reporting, headers, ...rest } = more
    return from.app.inject({
      ...{ method: 'GET', ...rest, url: path.startsWith('/') ? path : `/partner/v1/${path}` },
      headers: { ...(key !== '' && { authorization: `Bearer ${key}` }), ...headers },
    })
  }

  /** What partners read, as the ledger has it. */
  async reads(): Promise<Extract<LedgerEntry['event'], { kind: 'partner.read' }>[]> {
    const found = []
    for await (const { event } of this.ledger.entries()) if (event.kind === 'partner.read') found.push(event)
    return found
  }

  #create(ledger: Ledger): Promise<Reporting> {
    const { env = {}, requestRelease } = this.#options
    return createReporting({
      config: readConfig({ HEADCOUNT_LOG_LEVEL: 'silent', HEADCOUNT_REPORTING_PORT: '0', ...env }),
      catalogue: this.catalogue,
      reader: this.warehouse,
      keyValue: this.keyValue,
      ledger,
      releases: this.store,
      ...(requestRelease && { requestRelease }),
      credentials: tokens,
      clock: this.clock,
      logger: createLogger({ logLevel: 'silent' }),
      metrics: this.metrics,
      readiness: () => ({ ready: true, checks: {} }),
    })
  }
}
