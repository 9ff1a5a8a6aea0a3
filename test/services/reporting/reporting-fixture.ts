/** Reporting over a real warehouse in a folder of its own, with cells put there as the worker writes them. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { ReleaseStore } from '../../../services/release/release-store.ts'
import { createReporting, type Reporting } from '../../../services/reporting/server.ts'
import { bySetKey, type Catalogue, type Dataset, findDataset } from '../../../shared/catalogue.ts'
import { parseCatalogue } from '../../../shared/catalogue-file.ts'
import { ManualClock } from '../../../shared/clock.ts'
import { readConfig } from '../../../shared/config.ts'
import type { Ledger } from '../../../shared/ledger/port.ts'
import { openLedger } from '../../../shared/ledger/warehouse-ledger.ts'
import { createLogger } from '../../../shared/logger.ts'
import { createMetrics } from '../../../shared/metrics.ts'
import { openEmbeddedWarehouse } from '../../../shared/warehouse/embedded.ts'
import type { Warehouse, WarehouseReader } from '../../../shared/warehouse/port.ts'
import {
  cellsTable,
  createTable,
  finalDataset,
  insertColumns,
  measureColumns,
} from '../../../shared/warehouse/schema.ts'
import { escapeTab, tabDateTime } from '../../../shared/warehouse/tab-separated.ts'
import type { Grain } from '../../../shared/window.ts'
import { MemoryKeyValue } from '../../doubles/memory-key-value.ts'

export const catalogueText = `
version: test-1
title: Tests
k: 5
features: [{ id: dashboard, title: Dashboard }, { id: jobs, title: Jobs }]
dimensions:
  - { id: feature, title: Feature, from: feature }
  - { id: version, title: Version, from: event, values: ["1.13", "2.0", "2.1"] }
  - { id: variant, title: Variant, from: event, values: [open, enterprise] }
measures:
  - { id: cpu, title: CPU, unit: cores, min: 0, max: 1000 }
datasets:
  - { id: usage, title: Usage, dimensions: [feature, version], audience: analysts }
  - { id: sizes, title: Sizes, dimensions: [feature, version, variant], by: [[feature, version]], measures: [cpu], audience: partners }
  - { id: hourly, title: Hourly, dimensions: [feature], grains: [minute, hour], audience: analysts }
`

export const tokens = {
  writeKey: 'write-key-of-the-tests',
  adminToken: 'admin-token-of-the-tests',
  analystToken: 'analyst-token-of-the-tests',
}

/** What a sender did in one window: the unit's number, its cell, how many events, the measure's value if it has one. */
export interface Seen {
  unit: number
  cell: Record<string, string>
  events?: number
  cpu?: number
}

export class ReportingFixture {
  readonly catalogue: Catalogue
  readonly clock = new ManualClock('2026-11-23T10:15:00Z')
  readonly keyValue = new MemoryKeyValue(this.clock)
  readonly metrics = createMetrics(false)
  readonly statements: { sql: string; params: Record<string, unknown> | undefined }[] = []
  /** Lines of errors that reporting logged. */
  readonly logged: string[] = []
  readonly logger = createLogger({ logLevel: 'error' }, { write: (line) => void this.logged.push(line) })
  ready = true
  reporting!: Reporting
  warehouse!: Warehouse
  ledger!: Ledger
  #dir = ''
  #inserts = 0

  constructor(catalogue = catalogueText) {
    this.catalogue = parseCatalogue(catalogue, 'test.yaml')
  }

  async open(): Promise<this> {
    this.#dir = await mkdtemp(path.join(tmpdir(), 'headcount-reporting-'))
    this.warehouse = await openEmbeddedWarehouse({ dir: path.join(this.#dir, 'warehouse') })
    await this.warehouse.command(createTable(this.catalogue))
    this.ledger = await openLedger(this)
    this.reporting = await this.createReporting()
    return this
  }

  /** Another server over the same tables, which remembers nothing of the first. */
  async createReporting(other?: WarehouseReader): Promise<Reporting> {
    const reader = other ?? (await this.warehouse.reader())
    const watched: WarehouseReader = {
      select: (sql, params) => {
        this.statements.push({ sql, params })
        return reader.select(sql, params)
      },
      get written() {
        return reader.written
      },
      close: () => reader.close(),
    }
    return createReporting({
      config: readConfig({ HEADCOUNT_LOG_LEVEL: 'silent', HEADCOUNT_REPORTING_PORT: '0' }),
      catalogue: this.catalogue,
      reader: watched,
      keyValue: this.keyValue,
      ledger: this.ledger,
      releases: new ReleaseStore(this.warehouse),
      credentials: tokens,
      clock: this.clock,
      logger: this.logger,
      metrics: this.metrics,
      readiness: () => ({ ready: this.ready, checks: { probe: this.ready ? 'ok' : 'not yet' } }),
    })
  }

  async close(): Promise<void> {
    await this.reporting.drain()
    await this.warehouse.close()
    await rm(this.#dir, { recursive: true, force: true })
  }

  /** GET with the analyst token. */
  async get(url: string, token: string = tokens.analystToken, from: Reporting = this.reporting) {
    return from.app.inject({ method: 'GET', url, headers: token === '' ? {} : { authorization: `Bearer ${token}` } })
  }

  /** Cells of a window that still takes events. */
  async insertOpen(datasetId: string, grain: Grain, window: string, seen: readonly Seen[]): Promise<void> {
    const dataset = findDataset(this.catalogue, datasetId)!
    const rows = group(seen, dataset.dimensions).map((some) =>
      this.#line(dataset, 'open', '', grain, window, some, `[${some.map(({ unit }) => unit).join(',')}]`, 0),
    )
    await this.#insert(rows)
  }

  /** What the worker leaves when it closes the window: integers for every declared set, and the mark. */
  async insertFinal(datasetId: string, grain: Grain, window: string, seen: readonly Seen[]): Promise<void> {
    const dataset = findDataset(this.catalogue, datasetId)!
    const rows = dataset.bySets.flatMap((set) =>
      group(seen, set).map((some) =>
        this.#line(dataset, 'final', bySetKey(dataset, set), grain, window, some, '[]', distinct(some), set),
      ),
    )
    const mark = { ...dataset, id: finalDataset }
    await this.#insert([...rows, this.#line(mark, 'mark', datasetId, grain, window, [], '[]', 0, [])])
  }

  #line(
    dataset: Dataset,
    stage: string,
    by: string,
    grain: Grain,
    window: string,
    seen: readonly Seen[],
    units: string,
    devices: number,
    set: readonly string[] = dataset.dimensions,
  ): string {
    const values = this.catalogue.dimensions.map(({ id }) =>
      set.includes(id) ? escapeTab(seen[0]?.cell[id] ?? '(none)') : '',
    )
    const events = seen.reduce((sum, { events = 1 }) => sum + events, 0)
    const carried = seen.flatMap(({ cpu }) => cpu ?? [])
    const measures = this.catalogue.measures.flatMap(({ id }) =>
      Object.keys(measureColumns(id)).map((column) =>
        column === 'sum' ? carried.reduce((sum, value) => sum + value, 0) : carried.length,
      ),
    )
    const start = tabDateTime(Date.parse(window))
    return `${[dataset.id, grain, stage, by, start, '0', 'log', 0, ...values, events, devices, units, ...measures].join('\t')}\n`
  }

  async #insert(lines: string[]): Promise<void> {
    await this.warehouse.insert({
      table: cellsTable,
      columns: insertColumns(this.catalogue),
      lines: lines.join(''),
      rows: lines.length,
      token: `test/${this.#inserts++}`,
    })
  }
}

/** `count` senders, numbered from `first`, each with one event in that cell. */
export function senders(first: number, count: number, cell: Record<string, string>, more: Partial<Seen> = {}): Seen[] {
  return Array.from({ length: count }, (_, index) => ({ unit: first + index, cell, ...more }))
}

function group(seen: readonly Seen[], set: readonly string[]): Seen[][] {
  const groups = new Map<string, Seen[]>()
  for (const one of seen) {
    const key = JSON.stringify(set.map((id) => one.cell[id] ?? '(none)'))
    groups.set(key, [...(groups.get(key) ?? []), one])
  }
  return [...groups.values()]
}

function distinct(seen: readonly Seen[]): number {
  return new Set(seen.map(({ unit }) => unit)).size
}
