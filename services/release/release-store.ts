/**
 * Frozen releases in the warehouse: the bytes of every file exactly as partners get them, for good. A release is one
 * insert, so it is there whole or not at all; which of several drawn ones counts, the ledger says.
 */
import { makeTable } from '../../shared/warehouse/make-table.ts'
import type { Warehouse, WarehouseReader } from '../../shared/warehouse/port.ts'
import { durabilitySettings } from '../../shared/warehouse/schema.ts'
import { escapeTab } from '../../shared/warehouse/tab-separated.ts'
import { sha256Hex } from './sha256.ts'

export const releasesTable = 'releases'

/** Files that partners load, and `manifest`: the JSON that says what they are. */
export const releaseFormats = ['csv', 'ndjson', 'parquet', 'arrow'] as const
export type ReleaseFormat = (typeof releaseFormats)[number]

export interface FrozenFile {
  readonly format: ReleaseFormat
  readonly bytes: Buffer
}

export interface FrozenRelease {
  readonly day: string
  readonly dataset: string
  /** JSON text as it is served; its SHA-256 is the release's name in the ledger. It names each file's SHA-256. */
  readonly manifest: Buffer
  readonly files: readonly FrozenFile[]
}

/** Base64 characters of one row. */
const pieceCharacters = 4 * 1024 * 1024
/** A release that does not fit one insert is refused: it could be torn. */
export const releaseBytesMax = 40 * 1024 * 1024

export const createReleasesTable = `CREATE TABLE IF NOT EXISTS ${releasesTable} (
  dataset LowCardinality(String),
  day Date,
  release FixedString(64),
  format LowCardinality(String),
  piece UInt32,
  body String CODEC(ZSTD(3))
)
ENGINE = MergeTree
ORDER BY (dataset, day, release, format, piece)
SETTINGS ${durabilitySettings}, non_replicated_deduplication_window = 10000`

/** Reads what is frozen. Every read is checked against the SHA-256 it is asked for. */
export class ReleaseReader {
  readonly #warehouse: WarehouseReader

  constructor(warehouse: WarehouseReader) {
    this.#warehouse = warehouse
  }

  /**
   * @param release SHA-256 of the manifest, from the ledger
   * @returns undefined when it is not there
   * @throws ReleaseDamagedError
   */
  manifest(dataset: string, day: string, release: string): Promise<Buffer | undefined> {
    return this.#read(dataset, day, release, 'manifest', release)
  }

  /** @param sha256 of the file, from the manifest */
  file(dataset: string, day: string, release: string, format: ReleaseFormat, sha256: string) {
    return this.#read(dataset, day, release, format, sha256)
  }

  async #read(dataset: string, day: string, release: string, format: string, sha256: string) {
    const rows = await this.#warehouse.select<{ body: string }>(
      `SELECT body FROM ${releasesTable} WHERE dataset = {dataset:String} AND day = {day:Date} AND release = {release:String} AND format = {format:String} ORDER BY piece LIMIT 1 BY piece`,
      { dataset, day, release, format },
    )
    if (rows.length === 0) return undefined
    const bytes = Buffer.from(rows.map(({ body }) => body).join(''), 'base64')
    if (sha256Hex(bytes) !== sha256)
      throw new ReleaseDamagedError(
        `the ${format} of ${dataset} on ${day} is not the one that was published: nothing of it is handed out`,
      )
    return bytes
  }
}

/** Writes them, for the sealing process. */
export class ReleaseStore extends ReleaseReader {
  readonly #writer: Warehouse

  constructor(warehouse: Warehouse) {
    super(warehouse)
    this.#writer = warehouse
  }

  async prepare(): Promise<void> {
    await makeTable(this.#writer, releasesTable, createReleasesTable)
  }

  /**
   * Durable when it resolves. The same release may be saved again. Returns its SHA-256 (of the manifest).
   * @throws ReleaseGoneError when it is not there afterwards
   * @param attempt makes the token another one, where rows that had the first were removed
   */
  async save({ day, dataset, manifest, files }: FrozenRelease, attempt = ''): Promise<string> {
    const release = sha256Hex(manifest)
    const bytes = files.reduce((sum, file) => sum + file.bytes.length, manifest.length)
    if (bytes > releaseBytesMax)
      throw new RangeError(
        `the release of ${dataset} on ${day} has ${bytes} bytes; at most ${releaseBytesMax} are kept whole: give it fewer dimensions`,
      )
    const lines: string[] = []
    for (const { format, bytes: body } of [{ format: 'manifest', bytes: manifest }, ...files]) {
      const text = body.toString('base64')
      for (let piece = 0; piece === 0 || piece * pieceCharacters < text.length; piece++) {
        const part = text.slice(piece * pieceCharacters, (piece + 1) * pieceCharacters)
        lines.push([escapeTab(dataset), day, release, format, piece, part].join('\t'))
      }
    }
    await this.#writer.insert({
      table: releasesTable,
      columns: ['dataset', 'day', 'release', 'format', 'piece', 'body'],
      lines: `${lines.join('\n')}\n`,
      rows: lines.length,
      token: `release/${dataset}/${day}/${release}${attempt}`,
    })
    // A token left in memory by a crash can drop an insert without a word.
    if ((await this.manifest(dataset, day, release)) === undefined)
      throw new ReleaseGoneError(`the release of ${dataset} on ${day} was inserted and is not there`)
    return release
  }

  /** Removes releases of that day that were drawn and lost against the one that counts. */
  async keepOnly(dataset: string, day: string, release: string): Promise<void> {
    const params = { dataset, day, release }
    const where = 'dataset = {dataset:String} AND day = {day:Date} AND release != {release:String}'
    const [others] = await this.#writer.select<{ rows: string }>(
      `SELECT count() AS rows FROM ${releasesTable} WHERE ${where}`,
      params,
    )
    if (Number(others?.rows ?? 0) > 0)
      await this.#writer.command(`ALTER TABLE ${releasesTable} DELETE WHERE ${where}`, params)
  }
}

/** What was inserted is not there: the insert was dropped, or another release of the day counts and this was removed. */
export class ReleaseGoneError extends Error {
  override readonly name = 'ReleaseGoneError'
}

/** What is stored is not what was published. */
export class ReleaseDamagedError extends Error {
  override readonly name = 'ReleaseDamagedError'
}
