/**
 * The collector's spool: records that are durable on its own disk while the event log is away. It is a row of small
 * embedded event logs, each in a folder of its own: written at the back, read at the front, and a folder goes whole, with
 * every byte in it, once it has been read to its end. Raw data under the same rules as the event log's.
 */
import { readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import type { Clock } from '../../shared/clock.ts'
import { makeDirectory, syncDirectory } from '../../shared/durable-file.ts'
import { openEmbeddedEventLog } from '../../shared/eventlog/embedded.ts'
import { type Assignment, type EventLog, LogUnavailableError } from '../../shared/eventlog/port.ts'
import { InTurn } from '../../shared/in-turn.ts'
import { spoolMs } from '../../shared/retention/limits.ts'
import { hourMs } from '../../shared/window.ts'

/** A folder takes no more records from here on. */
const folderBytesMax = 32 * 1024 * 1024
const folderMsMax = hourMs
const pendingBytesMax = 64 * 1024 * 1024
const batchLimit = { records: 1000, bytes: 4 * 1024 * 1024, waitMs: 0 }

export interface SpoolOptions {
  readonly dir: string
  readonly bytesMax: number
  readonly clock: Clock
  readonly warn: (message: string) => void
}

/** Records from the front of the spool, in the order in which they were spooled. */
export interface SpooledBatch {
  readonly values: readonly Buffer[]
  /** To be called once they are durable elsewhere: they are not given again. */
  done(): Promise<void>
}

interface Folder {
  readonly number: number
  readonly dir: string
  readonly madeAt: number
  readonly log: EventLog
  readonly assignment: Assignment
  /** Appends that were given this folder and are not done yet: it must stay for them. */
  writing: number
}

export class Spool {
  readonly #options: SpoolOptions
  /** Oldest first; the last one is written. */
  readonly #folders: Folder[]
  readonly #changes = new InTurn()
  #bytes = 0

  private constructor(options: SpoolOptions, folders: Folder[]) {
    this.#options = options
    this.#folders = folders
  }

  /** Opens or makes the spool, with what an earlier process left in it. */
  static async open(options: SpoolOptions): Promise<Spool> {
    await makeDirectory(options.dir)
    const found = (await readdir(options.dir)).map(parseName).filter((one) => one !== undefined)
    const folders: Folder[] = []
    for (const { number, madeAt } of found.sort((a, b) => a.number - b.number))
      folders.push(await openFolder(options, number, madeAt))
    const spool = new Spool(options, folders)
    await spool.#measure()
    return spool
  }

  /** Bytes on disk. */
  get bytes(): number {
    return this.#bytes
  }

  get isFull(): boolean {
    return this.#bytes >= this.#options.bytesMax
  }

  /** Resolves once the values are durable. @throws LogUnavailableError when the spool is full or the disk refuses */
  async append(values: readonly Buffer[]): Promise<void> {
    const size = values.reduce((sum, { length }) => sum + length, 0)
    if (this.#bytes + size > this.#options.bytesMax)
      throw new LogUnavailableError(`the spool is full: ${this.#bytes} bytes wait for the event log`)
    this.#bytes += size
    const folder = await this.#changes.run(() => this.#writable())
    try {
      await folder.log.append(values.map((value) => ({ partition: 0, value })))
    } finally {
      folder.writing--
    }
  }

  /** Whether nothing is there and nothing is being written. */
  get isEmpty(): boolean {
    return this.#folders.length === 0
  }

  /** What comes next, or undefined when nothing is there yet. Only one batch at a time may be out. */
  async next(): Promise<SpooledBatch | undefined> {
    for (;;) {
      const folder = this.#folders[0]
      if (!folder) return undefined
      const { position } = await folder.assignment.committed()
      const { records } = await folder.assignment.read(position, batchLimit)
      const last = records.at(-1)
      if (last) {
        const values = records.map(({ value }) => value)
        return { values, done: () => folder.assignment.commit(last.position + 1, '') }
      }
      if (folder.writing > 0) return undefined
      await this.#changes.run(() => this.#removeIfRead(folder))
    }
  }

  /** Removes what has waited too long; returns the bytes that are lost by it. Not while a batch is out. */
  async expire(): Promise<number> {
    return this.#changes.run(async () => {
      let lost = 0
      for (const folder of [...this.#folders]) {
        if (this.#options.clock.now() < folder.madeAt + spoolMs) continue
        if (folder.writing > 0) continue
        if (!(await isRead(folder))) lost += await folder.log.bytes()
        await this.#remove(folder)
      }
      return lost
    })
  }

  async close(): Promise<void> {
    await this.#changes.idle()
    for (const { log } of this.#folders) await log.close()
  }

  async #writable(): Promise<Folder> {
    const last = this.#folders.at(-1)
    const { clock } = this.#options
    const isOpen = last && clock.now() < last.madeAt + folderMsMax && (await last.log.bytes()) < folderBytesMax
    const folder = isOpen ? last : await openFolder(this.#options, (last?.number ?? 0) + 1, clock.now())
    if (!isOpen) this.#folders.push(folder)
    folder.writing++
    return folder
  }

  /** Something may have been written to it since it was found read to its end. */
  async #removeIfRead(folder: Folder): Promise<void> {
    if (folder.writing === 0 && (await isRead(folder))) await this.#remove(folder)
  }

  async #remove(folder: Folder): Promise<void> {
    this.#folders.splice(this.#folders.indexOf(folder), 1)
    await folder.log.close()
    await rm(folder.dir, { recursive: true, force: true })
    await syncDirectory(this.#options.dir)
    await this.#measure()
  }

  async #measure(): Promise<void> {
    const sizes = await Promise.all(this.#folders.map(({ log }) => log.bytes()))
    this.#bytes = sizes.reduce((sum, bytes) => sum + bytes, 0)
  }
}

async function isRead({ assignment }: Folder): Promise<boolean> {
  const { position } = await assignment.committed()
  const { end } = await assignment.read(position, { ...batchLimit, records: 1, bytes: 1 })
  return end <= position
}

function parseName(name: string): { number: number; madeAt: number } | undefined {
  const match = /^(\d+)-(\d+)$/.exec(name)
  return match ? { number: Number(match[1]), madeAt: Number(match[2]) } : undefined
}

async function openFolder({ dir, clock, warn }: SpoolOptions, number: number, madeAt: number): Promise<Folder> {
  const folder = path.join(dir, `${String(number).padStart(8, '0')}-${madeAt}`)
  const log = await openEmbeddedEventLog({ dir: folder, partitions: 1, clock, pendingBytesMax, warn })
  const assignments: Assignment[] = []
  await log.subscribe({ assigned: (one) => void assignments.push(one), revoked: async () => undefined })
  return { number, dir: folder, madeAt, log, assignment: assignments[0] as Assignment, writing: 0 }
}
