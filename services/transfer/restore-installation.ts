/**
 * An export into an empty installation. Everything is checked before anything is written; what was written is read back
 * and compared; and until that is done the warehouse is refused to everybody else (restore-mark.ts).
 */
import { createHash } from 'node:crypto'
import { type Catalogue, findDataset } from '../../shared/catalogue.ts'
import type { Clock } from '../../shared/clock.ts'
import type { KeyValue } from '../../shared/keyvalue/port.ts'
import { createLedgerTable, ledgerBlock } from '../../shared/ledger/ledger-table.ts'
import type { Ledger, LedgerState } from '../../shared/ledger/port.ts'
import { openLedger } from '../../shared/ledger/warehouse-ledger.ts'
import type { Warehouse } from '../../shared/warehouse/port.ts'
import { alterTable, cellsTable, finalDataset } from '../../shared/warehouse/schema.ts'
import { ReleaseReader, ReleaseStore } from '../release/release-store.ts'
import { prepareTables } from '../worker/store.ts'
import { ArchiveError } from './archive.ts'
import type { ArchiveReader } from './archive-folder.ts'
import { archivedEntries, verifyArchivedLedger } from './archived-ledger.ts'
import { archivedReleases } from './archived-releases.ts'
import { type CellLine, parseCell, tableColumns, tableLine } from './cell-line.ts'
import { clearUnfinished, mustBeEmpty } from './empty-installation.ts'
import { portionsOf, readPortion } from './final-cells.ts'
import { afterRestore } from './ledger-after-restore.ts'
import { type OpenChoices, restoreOptOuts, verifyOptOuts } from './opt-outs.ts'
import { beginRestore, endRestore, type UnfinishedRestore } from './restore-mark.ts'

export interface RestoreTools {
  readonly warehouse: Warehouse
  readonly keyValue: KeyValue
  readonly catalogue: Catalogue
  readonly clock: Clock
  /** Without: opt-outs of the export are left out. */
  readonly choices?: OpenChoices | undefined
  /** On servers: throws if another restore may be at work (restore-alone.ts). */
  readonly stillAlone?: () => Promise<void>
}

export interface RestoreReport {
  readonly cells: number
  readonly releases: number
  readonly entries: number
  /** Datasets that this installation's catalogue does not declare: their counts are there, and are not answered. */
  readonly undeclared: readonly string[]
  /** That were not known here. */
  readonly optOuts: number
  /** Days that can have no release here. */
  readonly givenUp: readonly string[]
}

/** @throws ForeseenError: ArchiveError, or because the installation is not empty */
export async function restoreInstallation(
  tools: RestoreTools,
  archive: ArchiveReader,
  { revokePartners }: { revokePartners: boolean },
): Promise<RestoreReport> {
  const { warehouse, keyValue, clock, choices } = tools
  await archive.verifyFiles()
  const state = await verifyArchivedLedger(archive)
  const releases = await verifyReleases(archive, state)
  const { cells, digest, datasets } = await verifyCells(archive)
  if (choices) await verifyOptOuts(archive, choices)
  if (!(await clearUnfinished(tools))) await mustBeEmpty(tools)
  const restore = await beginRestore(warehouse, archive.sha256)
  await makeTables(tools, archive)
  await fill(warehouse, archive, state, restore)
  await mustBeWhole(warehouse, archive, state, digest)
  const ledger = await openLedger({ keyValue, warehouse, clock })
  await mustHaveHead(ledger, archive)
  const givenUp = await afterRestore(tools, ledger, archive, { revokePartners })
  const optOuts = choices ? await restoreOptOuts(archive, choices) : 0
  await tools.stillAlone?.()
  await endRestore(warehouse, restore)
  const undeclared = [...datasets].filter((id) => !findDataset(tools.catalogue, id))
  return { cells, releases, entries: state.head.seq + 1, undeclared, optOuts, givenUp }
}

async function verifyReleases(archive: ArchiveReader, state: LedgerState): Promise<number> {
  let count = 0
  for await (const _ of archivedReleases(archive, state)) count++
  return count
}

/** @returns `digest`: SHA-256 of all cells, in order */
async function verifyCells(archive: ArchiveReader) {
  const hash = createHash('sha256')
  const datasets = new Set<string>()
  let cells = 0
  for await (const { lines, text } of archivedCells(archive)) {
    hash.update(text)
    cells += lines.length
    for (const { dataset, by } of lines) datasets.add(dataset === finalDataset ? by : dataset)
  }
  return { cells, datasets, digest: hash.digest('hex') }
}

/** A file at a time. @throws ArchiveError */
async function* archivedCells(
  archive: ArchiveReader,
): AsyncGenerator<{ name: string; lines: readonly CellLine[]; text: Buffer }> {
  for (const file of archive.named('cells-')) {
    const text = await archive.read(file)
    const lines = text.toString('utf8').split('\n').slice(0, -1)
    try {
      yield { name: file.name, text, lines: lines.map((line) => parseCell(line, archive.manifest)) }
    } catch (error) {
      if (error instanceof SyntaxError || error instanceof TypeError)
        throw new ArchiveError(`a line of ${file.name} is no cell`)
      throw error
    }
  }
}

/** Columns of dimensions and measures that are no longer declared are made too: their history is answered to SQL. */
async function makeTables({ warehouse, catalogue }: RestoreTools, { manifest }: ArchiveReader): Promise<void> {
  await prepareTables(warehouse, catalogue)
  const { dimensions, measures } = manifest
  const wanted = { dimensions: dimensions.map((id) => ({ id })), measures: measures.map((id) => ({ id })) }
  const [table] = await warehouse.select<{ sorting_key: string }>(
    'SELECT sorting_key FROM system.tables WHERE database = currentDatabase() AND name = {table:String}',
    { table: cellsTable },
  )
  const existing = await existingColumns(warehouse)
  const change = alterTable(wanted, new Set(existing), (table?.sorting_key ?? '').split(', '))
  if (change !== undefined) await warehouse.command(change)
  await warehouse.command(createLedgerTable)
  await new ReleaseStore(warehouse).prepare()
}

async function existingColumns(warehouse: Warehouse): Promise<string[]> {
  const rows = await warehouse.select<{ name: string }>(
    'SELECT name FROM system.columns WHERE database = currentDatabase() AND table = {table:String}',
    { table: cellsTable },
  )
  return rows.map(({ name }) => name)
}

/** The ledger last: without it nothing answers, even to who asks the tables directly. */
async function fill(
  warehouse: Warehouse,
  archive: ArchiveReader,
  state: LedgerState,
  { run }: UnfinishedRestore,
): Promise<void> {
  const { manifest } = archive
  for await (const { name, lines } of archivedCells(archive))
    await warehouse.insert({
      table: cellsTable,
      columns: tableColumns(manifest),
      lines: lines.map((cell) => `${tableLine(cell, manifest)}\n`).join(''),
      rows: lines.length,
      token: `restore/${run}/${name}`,
    })
  const store = new ReleaseStore(warehouse)
  for await (const release of archivedReleases(archive, state)) await store.save(release, `/restore/${run}`)
  for await (const entries of archivedEntries(archive))
    await warehouse.insert(ledgerBlock(entries, `restore/${run}/${entries[0]?.seq}`))
}

/** Reads back what was written. */
async function mustBeWhole(
  warehouse: Warehouse,
  archive: ArchiveReader,
  state: LedgerState,
  digest: string,
): Promise<void> {
  const hash = createHash('sha256')
  for (const portion of await portionsOf(warehouse, new Set()))
    for await (const cells of readPortion(warehouse, archive.manifest, portion))
      for (const cell of cells) hash.update(`${JSON.stringify(cell)}\n`)
  if (hash.digest('hex') !== digest) throw notWhole('the counts')
  const reader = new ReleaseReader(warehouse)
  for await (const { dataset, day, manifest, files } of archivedReleases(archive, state)) {
    const { sha256 = '' } = state.release(day, dataset) ?? {}
    if (!(await reader.manifest(dataset, day, sha256))?.equals(manifest)) throw notWhole(`${dataset} of ${day}`)
    for (const { format, bytes } of files) {
      const named = (JSON.parse(manifest.toString('utf8')) as { files: { format: string; sha256: string }[] }).files
      const ofFile = named.find((one) => one.format === format)?.sha256 ?? ''
      if (!(await reader.file(dataset, day, sha256, format, ofFile))?.equals(bytes))
        throw notWhole(`${dataset} of ${day}`)
    }
  }
}

async function mustHaveHead(ledger: Ledger, { manifest }: ArchiveReader): Promise<void> {
  const { head } = await ledger.state()
  if (head.seq !== manifest.ledger.seq || head.hash !== manifest.ledger.hash) throw notWhole('the ledger')
}

function notWhole(what: string): ArchiveError {
  return new ArchiveError(
    `${what} in the tables are not what the export has: does something else write to them? Nothing of it is used; stop what runs and give the command again`,
  )
}
