/**
 * Aggregates, releases and ledger of an installation, whole, as a folder. What is open is not in it, nor any raw record,
 * key, choice or state: only what an installation keeps for good.
 *
 * The ledger says so before the folder has its manifest: there is no export that the ledger does not know of.
 */
import type { Catalogue } from '../../shared/catalogue.ts'
import type { Clock } from '../../shared/clock.ts'
import type { Ledger, LedgerEntry, LedgerState } from '../../shared/ledger/port.ts'
import type { Warehouse } from '../../shared/warehouse/port.ts'
import type { EpochName } from '../../shared/window.ts'
import type { Manifest } from '../release/manifest.ts'
import { ReleaseReader } from '../release/release-store.ts'
import { sha256Hex } from '../release/sha256.ts'
import { ForeseenError } from '../start-failure.ts'
import { prepareTables } from '../worker/store.ts'
import { type ArchiveManifest, archiveFormat, archiveVersion, entriesPerFile } from './archive.ts'
import { ArchiveWriter } from './archive-folder.ts'
import { columnsOf, openEpochs, portionsOf, readPortion } from './final-cells.ts'
import { type OpenChoices, writeOptOuts } from './opt-outs.ts'

export interface ExportTools {
  readonly warehouse: Warehouse
  readonly ledger: Ledger
  readonly catalogue: Catalogue
  readonly clock: Clock
  /** With: opt-outs go along. */
  readonly choices?: OpenChoices | undefined
}

export interface ExportWish {
  /** Folder to make. */
  readonly dir: string
  /** Who it is for, and the case: the ledger keeps both for good. */
  readonly to: string
  readonly case: string
  /** Days, weeks and months that are open are left out; without, an export is refused while there are any. */
  readonly leaveOpen: boolean
}

export interface ExportReport {
  readonly sha256: string
  readonly manifest: ArchiveManifest
  readonly cells: number
  readonly releases: number
}

/** @throws ForeseenError */
export async function exportInstallation(tools: ExportTools, wish: ExportWish): Promise<ExportReport> {
  const { warehouse, ledger, catalogue, clock, choices } = tools
  // One that has never run has no tables.
  await prepareTables(warehouse, catalogue)
  // Before what is final is listed: an epoch that closes in between is left out, and never half in.
  const open = await openEpochs(warehouse)
  if (open.size > 0 && !wish.leaveOpen) throw stillOpen(open)
  const state = await ledger.state()
  const archive = await ArchiveWriter.begin(wish.dir)
  const columns = await columnsOf(warehouse)
  const cells = await writeCells(tools, archive, open)
  const releases = await writeReleases(warehouse, archive, state)
  const optOuts = choices && { count: await writeOptOuts(archive, choices.log.choices), key: choices.fingerprint }
  const from = await writeLedger(ledger, archive, state.head.seq)
  const manifest: ArchiveManifest = {
    ...{ format: archiveFormat, version: archiveVersion, madeAt: new Date(clock.now()).toISOString() },
    ...{ from, to: wish.to, case: wish.case, catalogue: catalogue.version, ...columns },
    ledger: { seq: state.head.seq, hash: state.head.hash },
    leftOut: [...open].sort(),
    ...(optOuts && { optOuts }),
    files: archive.files,
  }
  const bytes = Buffer.from(`${JSON.stringify(manifest, null, 1)}\n`)
  const sha256 = sha256Hex(bytes)
  await ledger.append(() => ({
    events: [{ kind: 'transfer.exported', sha256, to: wish.to, case: wish.case }],
    result: undefined,
  }))
  await archive.finish(bytes)
  return { sha256, manifest, cells, releases }
}

async function writeCells(
  { warehouse }: ExportTools,
  archive: ArchiveWriter,
  open: ReadonlySet<EpochName>,
): Promise<number> {
  const columns = await columnsOf(warehouse)
  let written = 0
  let files = 0
  for (const portion of await portionsOf(warehouse, open))
    for await (const cells of readPortion(warehouse, columns, portion)) {
      const lines = cells.map((cell) => `${JSON.stringify(cell)}\n`)
      await archive.add(`cells-${number(files++)}.ndjson`, Buffer.from(lines.join('')))
      written += cells.length
    }
  return written
}

/** Every release that the ledger names, byte by byte as partners get it. @returns how many */
async function writeReleases(warehouse: Warehouse, archive: ArchiveWriter, state: LedgerState): Promise<number> {
  const reader = new ReleaseReader(warehouse)
  let written = 0
  for (const { dataset, day, sha256 } of state.releases()) {
    if (sha256 === undefined) continue
    const gone = () =>
      new ForeseenError(
        `the release of ${dataset} on ${day} is in the ledger and not in the table: nothing is exported`,
      )
    const bytes = await reader.manifest(dataset, day, sha256)
    if (!bytes) throw gone()
    const folder = `releases/${dataset}/${day}`
    await archive.add(`${folder}/manifest.json`, bytes)
    for (const { format, sha256: ofFile } of (JSON.parse(bytes.toString('utf8')) as Manifest).files) {
      const file = await reader.file(dataset, day, sha256, format, ofFile)
      if (!file) throw gone()
      await archive.add(`${folder}/release.${format}`, file)
    }
    written++
  }
  return written
}

/** Entries up to `last`. @returns the ledger's id */
async function writeLedger(ledger: Ledger, archive: ArchiveWriter, last: number): Promise<string> {
  let from = ''
  let waiting: LedgerEntry[] = []
  let files = 0
  const flush = async () => {
    const lines = waiting.map((entry) => `${JSON.stringify(entry)}\n`)
    await archive.add(`ledger-${number(files++)}.ndjson`, Buffer.from(lines.join('')))
    waiting = []
  }
  for await (const entry of ledger.entries(0, last + 1)) {
    if (entry.event.kind === 'ledger.begun') from = entry.event.id
    if (waiting.push(entry) >= entriesPerFile) await flush()
  }
  if (waiting.length > 0) await flush()
  return from
}

function number(file: number): string {
  return String(file).padStart(6, '0')
}

function stillOpen(open: ReadonlySet<EpochName>): ForeseenError {
  return new ForeseenError(
    `still open: ${[...open].sort().join(', ')}. What is open is in no export, since it could be tied to devices. \`--open leave-out\` exports the rest; \`--open close\` closes them first: nothing more of them is counted then, here or where it is restored`,
  )
}
