/** The folder of a spool: taken by one sender at a time, with what an earlier process left in it. */
import { type FileHandle, open, readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { makeDirectory, syncDirectory } from '../durable-file.ts'
import { fileName, parseFileName, type Segment } from './segment.ts'
import { lockFolder } from './spool-lock.ts'

export class SpoolFolder {
  readonly #dir: string
  readonly #unlock: () => Promise<void>
  /** The file that is being written. */
  #open: FileHandle | undefined

  private constructor(dir: string, unlock: () => Promise<void>) {
    this.#dir = dir
    this.#unlock = unlock
  }

  /** @throws Error when it cannot be made, or another sender has it */
  static async take(dir: string): Promise<SpoolFolder> {
    const whole = path.resolve(dir)
    await makeDirectory(whole)
    return new SpoolFolder(whole, await lockFolder(whole))
  }

  /** What an earlier process left, oldest first. */
  left(): Promise<Segment[]> {
    return segmentsIn(this.#dir)
  }

  fileOf(segment: Pick<Segment, 'number' | 'madeAt'>): string {
    return path.join(this.#dir, fileName(segment))
  }

  /** Makes the file that is written from now on. @throws Error when the disk refuses */
  async begin(file: string): Promise<void> {
    await this.end()
    this.#open = await open(file, 'ax', 0o600)
    await syncDirectory(this.#dir)
  }

  /** Resolves once the text is on the disk. @throws Error when the disk refuses */
  async write(text: string): Promise<void> {
    const handle = this.#open
    if (!handle) throw new Error('no file is open')
    await handle.appendFile(text)
    await handle.datasync()
  }

  async end(): Promise<void> {
    const handle = this.#open
    this.#open = undefined
    await handle?.close().catch(() => undefined)
  }

  async release(): Promise<void> {
    await this.end()
    await this.#unlock().catch(() => undefined)
  }
}

/** Oldest first. Takes no lock: somebody may be writing the last one. @throws Error when there is no such folder */
export async function segmentsIn(dir: string): Promise<Segment[]> {
  const segments: Segment[] = []
  for (const name of (await readdir(dir)).sort()) {
    const parsed = parseFileName(name)
    if (!parsed) continue
    const file = path.join(dir, name)
    const { size } = await stat(file)
    segments.push({ ...parsed, file, size, text: undefined, events: undefined, first: 0, isOpen: false })
  }
  return segments
}
