/**
 * What an export is: a folder of files, and a manifest that names each with its SHA-256. The SHA-256 of the manifest
 * stands for the whole. Described for people in infra/business-transfer.md.
 */
import { isSha256, isTime } from '../../shared/ledger/transitions.ts'
import type { EpochName } from '../../shared/window.ts'
import { epochBounds } from '../../shared/window.ts'
import { ForeseenError } from '../start-failure.ts'

export const manifestName = 'manifest.json'
export const archiveFormat = 'headcount-export'
export const archiveVersion = 1

/** Rows of one file of cells, and entries of one file of the ledger: what is in memory at once goes with these. */
export const cellsPerFile = 20_000
export const entriesPerFile = 1000
/** Of one file; a release is the largest thing that cannot be split. */
export const fileBytesMax = 128 * 1024 * 1024

export interface ArchivedFile {
  /** Path in the folder, with `/`. */
  readonly name: string
  readonly bytes: number
  /** Lower-case hex. */
  readonly sha256: string
}

export interface ArchiveManifest {
  readonly format: typeof archiveFormat
  readonly version: number
  /** RFC 3339, UTC. */
  readonly madeAt: string
  /** Id of the ledger that it comes from. */
  readonly from: string
  /** Who it is for, and the case, as the operator gave them. */
  readonly to: string
  readonly case: string
  /** Version of the catalogue that was in force. */
  readonly catalogue: string
  /** Ids of the dimensions and measures that cells have. */
  readonly dimensions: readonly string[]
  readonly measures: readonly string[]
  /** The last entry of the ledger that is in it. */
  readonly ledger: { readonly seq: number; readonly hash: string }
  /** Days, weeks and months that were open, of which no count is in it. */
  readonly leftOut: readonly EpochName[]
  /** Where they were asked for: how many, and what their choice key is told by. */
  readonly optOuts?: { readonly count: number; readonly key: string }
  /** Counts by grain, dataset and window are in order. */
  readonly files: readonly ArchivedFile[]
}

/** The folder is no whole export, or not the one that was meant. The message says what is wrong. */
export class ArchiveError extends ForeseenError {}

const id = /^[a-z][a-z0-9_]{0,49}$/
const fileName =
  /^(?:(?:cells|ledger|opt-outs)-\d{6}\.ndjson|releases\/[a-z][a-z0-9_]{0,49}\/\d{4}-\d\d-\d\d\/(?:manifest\.json|release\.(?:csv|ndjson|parquet|arrow)))$/

/** @throws ArchiveError: names in it go into paths and statements, so none is taken on trust */
export function parseManifest(text: string): ArchiveManifest {
  let manifest: ArchiveManifest
  try {
    manifest = JSON.parse(text) as ArchiveManifest
  } catch {
    throw new ArchiveError(`${manifestName} is no JSON: it was changed, or is not that of an export`)
  }
  const problem = problemOf(manifest)
  if (problem !== undefined) throw new ArchiveError(`${manifestName} is not that of an export: ${problem}`)
  return manifest
}

function problemOf(manifest: ArchiveManifest): string | undefined {
  if (manifest?.format !== archiveFormat) return `its format is not ${archiveFormat}`
  if (manifest.version !== archiveVersion)
    return `it has version ${manifest.version}, and this Headcount reads ${archiveVersion}`
  const { dimensions, measures, files, ledger, leftOut } = manifest
  if (![dimensions, measures].every((ids) => isList(ids, (one) => id.test(one)))) return 'a dimension or measure'
  if (!isList(leftOut, isEpoch)) return 'what was left out'
  if (![manifest.from, manifest.to, manifest.case, manifest.catalogue].every((one) => typeof one === 'string'))
    return 'where it comes from'
  if (!isTime(manifest.madeAt)) return 'when it was made'
  if (!Number.isSafeInteger(ledger?.seq) || ledger.seq < 0 || !isSha256(ledger.hash)) return "the ledger's head"
  const { optOuts } = manifest
  if (optOuts !== undefined && (!Number.isSafeInteger(optOuts.count) || typeof optOuts.key !== 'string'))
    return 'its opt-outs'
  if (!Array.isArray(files)) return 'its files'
  const wrong = files.find(
    (file) =>
      typeof file?.name !== 'string' ||
      !fileName.test(file.name) ||
      !isSha256(file.sha256) ||
      !Number.isSafeInteger(file.bytes) ||
      file.bytes < 0 ||
      file.bytes > fileBytesMax,
  )
  if (wrong) return `the file "${wrong.name}"`
  return new Set(files.map(({ name }) => name)).size === files.length ? undefined : 'a file is named twice'
}

function isList(value: unknown, holds: (one: string) => boolean): boolean {
  return Array.isArray(value) && value.every((one) => typeof one === 'string' && holds(one))
}

function isEpoch(name: string): boolean {
  try {
    epochBounds(name as EpochName)
    return true
  } catch {
    return false
  }
}
