/** The files of an export on disk: written synced, the manifest last; read only as the manifest names them. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { makeDirectory, syncDirectory, writeAtomically } from '../../shared/durable-file.ts'
import { sha256Hex } from '../release/sha256.ts'
import { ForeseenError } from '../start-failure.ts'
import {
  type ArchivedFile,
  ArchiveError,
  type ArchiveManifest,
  fileBytesMax,
  manifestName,
  parseManifest,
} from './archive.ts'

export class ArchiveWriter {
  readonly #dir: string
  readonly #files: ArchivedFile[] = []

  private constructor(dir: string) {
    this.#dir = dir
  }

  /** @throws ForeseenError unless `dir` is not there yet, or empty */
  static async begin(dir: string): Promise<ArchiveWriter> {
    const found: string[] = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [] as string[]
      throw new ForeseenError(
        `${dir} cannot be used for the export (${error.code}); name a folder that is not there yet`,
      )
    })
    if (found.length > 0)
      throw new ForeseenError(
        `${dir} is not empty; name a folder that is not there yet${found.includes(manifestName) ? '' : ' (what is in it is no whole export, if it is one: an export that was stopped has no manifest)'}`,
      )
    await makeDirectory(dir)
    return new ArchiveWriter(dir)
  }

  get files(): readonly ArchivedFile[] {
    return this.#files
  }

  /** Durable when it resolves. @param name path in the folder, with `/` */
  async add(name: string, content: Buffer): Promise<void> {
    if (content.length > fileBytesMax) throw new RangeError(`${name} would have ${content.length} bytes`)
    const file = path.join(this.#dir, ...name.split('/'))
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 })
    const handle = await open(file, 'wx', 0o600)
    try {
      await handle.writeFile(content)
      await handle.sync()
    } finally {
      await handle.close()
    }
    this.#files.push({ name, bytes: content.length, sha256: sha256Hex(content) })
  }

  /** From now on it is an export. */
  async finish(manifest: Buffer): Promise<void> {
    const folders = new Set([this.#dir])
    for (const { name } of this.#files)
      for (let at = path.join(this.#dir, name); at !== this.#dir; at = path.dirname(at)) folders.add(path.dirname(at))
    for (const folder of folders) await syncDirectory(folder)
    await writeAtomically(path.join(this.#dir, manifestName), manifest)
  }
}

export class ArchiveReader {
  readonly #dir: string
  readonly manifest: ArchiveManifest
  /** SHA-256 of the manifest: of everything. */
  readonly sha256: string

  private constructor(dir: string, manifest: ArchiveManifest, sha256: string) {
    this.#dir = dir
    this.manifest = manifest
    this.sha256 = sha256
  }

  /** @throws ArchiveError */
  static async open(dir: string): Promise<ArchiveReader> {
    const file = path.join(dir, manifestName)
    const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
      throw new ArchiveError(
        `${file} cannot be read (${error.code}): give the folder that \`headcount export-all\` made; one without a manifest was not finished`,
      )
    })
    return new ArchiveReader(dir, parseManifest(bytes.toString('utf8')), sha256Hex(bytes))
  }

  named(prefix: string): readonly ArchivedFile[] {
    return this.manifest.files.filter(({ name }) => name.startsWith(prefix))
  }

  /** Reads every file, a piece at a time. @throws ArchiveError naming the first that is missing or is another */
  async verifyFiles(): Promise<void> {
    for (const file of this.manifest.files) await this.#verify(file)
  }

  /** What the manifest names, checked once more. @throws ArchiveError */
  async read(file: ArchivedFile): Promise<Buffer> {
    const bytes = await readFile(this.#path(file)).catch(missing(file))
    if (sha256Hex(bytes) !== file.sha256) throw changed(file)
    return bytes
  }

  async #verify(file: ArchivedFile): Promise<void> {
    const { size } = await stat(this.#path(file)).catch(missing(file))
    if (size !== file.bytes) throw changed(file)
    const hash = createHash('sha256')
    for await (const piece of createReadStream(this.#path(file))) hash.update(piece as Buffer)
    if (hash.digest('hex') !== file.sha256) throw changed(file)
  }

  #path({ name }: ArchivedFile): string {
    return path.join(this.#dir, ...name.split('/'))
  }
}

const missing = (file: ArchivedFile) => (error: NodeJS.ErrnoException) => {
  throw new ArchiveError(`${file.name} of the export cannot be read (${error.code}); copy the whole folder again`)
}

function changed({ name }: ArchivedFile): ArchiveError {
  return new ArchiveError(
    `${name} is not the file that was exported: its bytes do not have the SHA-256 of the manifest. Copy the whole folder again`,
  )
}
