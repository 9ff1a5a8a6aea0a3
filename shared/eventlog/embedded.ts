/**
 * The event log in this process: a folder per partition, a file per hour, appends grouped so that many share one sync.
 * One process at a time may have a folder open (shared/data-directory.ts sees to that).
 */
import { randomBytes } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import type { Clock } from '../clock.ts'
import { leftOverFiles, makeDirectory, syncDirectory, writeAtomically } from '../durable-file.ts'
import { rawRetentionMs } from '../retention/limits.ts'
import { CommitFile } from './commit-file.ts'
import { EmbeddedAssignment } from './embedded-assignment.ts'
import { EmbeddedHistory } from './embedded-history.ts'
import { GroupCommit } from './group-commit.ts'
import { Partition } from './partition.ts'
import {
  type AppendedAt,
  type AppendRecord,
  type AssignmentHandler,
  type EventLog,
  LogUnavailableError,
  type PartitionHistory,
} from './port.ts'
import type { OnCorrupt } from './segment-file.ts'

export interface EmbeddedEventLogOptions {
  dir: string
  /** Of a new log; one that is there keeps the number it was made with. */
  partitions: number
  clock: Clock
  /** False leaves out the syncs of appends and commits, for tests that do not look at durability. */
  fsync?: boolean
  /** Most bytes waiting to become durable; one append on its own may be larger. */
  pendingBytesMax: number
  /** Records go at the end of their hour plus this. */
  retentionMs?: number
  /** Something an operator should know; the text names no record content. */
  warn?: (message: string) => void
  /** Bytes of a segment that are damaged and were passed over. */
  onCorrupt?: OnCorrupt
}

/** Opens or makes the log in `dir`, and mends what a crash left behind. */
export async function openEmbeddedEventLog(options: EmbeddedEventLogOptions): Promise<EventLog> {
  const { dir, clock, fsync = true, warn = () => undefined } = options
  const onCorrupt: OnCorrupt =
    options.onCorrupt ??
    (({ file, offset, bytes }) => warn(`${file} is damaged at byte ${offset}: ${bytes} bytes are passed over`))
  await makeDirectory(dir)
  for (const file of await leftOverFiles(dir)) await rm(file, { force: true })
  const identity = await readIdentity(dir, options.partitions)
  if (identity.partitions !== options.partitions) {
    warn(
      `the event log in ${dir} has ${identity.partitions} partitions and keeps them; ` +
        `${options.partitions} would need a new log`,
    )
  }
  const open = async (index: number) => {
    const partitionDir = path.join(dir, String(index))
    const partition = await Partition.open(partitionDir, { clock, fsync, onCorrupt })
    const commits = await CommitFile.open(path.join(partitionDir, 'commit'), fsync)
    await syncDirectory(partitionDir)
    return { index, partition, commits }
  }
  const parts = await Promise.all(Array.from({ length: identity.partitions }, (_, index) => open(index)))
  return new EmbeddedEventLog(identity.logId, parts, options, onCorrupt)
}

interface Part {
  index: number
  partition: Partition
  commits: CommitFile
}

class EmbeddedEventLog implements EventLog {
  readonly logId: string
  readonly partitions: number
  readonly #parts: readonly Part[]
  readonly #groupCommit: GroupCommit
  readonly #retentionMs: number
  readonly #onCorrupt: OnCorrupt
  #assignments: EmbeddedAssignment[] = []
  #handler: AssignmentHandler | undefined
  #closed = false

  constructor(logId: string, parts: readonly Part[], options: EmbeddedEventLogOptions, onCorrupt: OnCorrupt) {
    this.logId = logId
    this.partitions = parts.length
    this.#parts = parts
    this.#retentionMs = options.retentionMs ?? rawRetentionMs
    this.#onCorrupt = onCorrupt
    this.#groupCommit = new GroupCommit(
      parts.map(({ partition }) => partition),
      options.pendingBytesMax,
    )
  }

  async append(records: readonly AppendRecord[]): Promise<AppendedAt[]> {
    this.#mustBeOpen()
    return await this.#groupCommit.append(records)
  }

  async subscribe(handler: AssignmentHandler): Promise<void> {
    this.#mustBeOpen()
    await this.#revokeAll()
    this.#handler = handler
    for (const { index, partition, commits } of this.#parts) {
      await commits.write((current) => ({ ...current, epoch: current.epoch + 1 }))
      const assignment = new EmbeddedAssignment(index, partition, commits, this.#onCorrupt)
      this.#assignments.push(assignment)
      handler.assigned(assignment)
    }
  }

  async history(): Promise<PartitionHistory[]> {
    this.#mustBeOpen()
    return this.#parts.map(({ index, partition }) => new EmbeddedHistory(index, partition, this.#onCorrupt))
  }

  async expire(): Promise<number> {
    this.#mustBeOpen()
    const removed = await Promise.all(this.#parts.map(({ partition }) => partition.expire(this.#retentionMs)))
    return removed.reduce((sum, bytes) => sum + bytes, 0)
  }

  async bytes(): Promise<number> {
    this.#mustBeOpen()
    return this.#parts.reduce((sum, { partition }) => sum + partition.bytes, 0)
  }

  /** Assignments end with `StaleAssignmentError`; the handler's `revoked` is not called: its process is stopping. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#groupCommit.idle()
    await Promise.all(this.#assignments.map((assignment) => assignment.end()))
    for (const { partition, commits } of this.#parts) {
      await partition.close()
      await commits.close()
    }
  }

  async #revokeAll(): Promise<void> {
    const revoked = this.#assignments
    this.#assignments = []
    await Promise.all(
      revoked.map(async (assignment) => {
        await assignment.end()
        await this.#handler?.revoked(assignment.partition)
      }),
    )
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new LogUnavailableError('the event log is closed')
  }
}

async function readIdentity(dir: string, partitions: number): Promise<{ logId: string; partitions: number }> {
  const file = path.join(dir, 'log.json')
  const stored = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (stored !== undefined) return checkIdentity(stored, file)
  const identity = { logId: randomBytes(16).toString('hex'), partitions }
  await writeAtomically(file, `${JSON.stringify(identity)}\n`)
  return identity
}

function checkIdentity(text: string, file: string): { logId: string; partitions: number } {
  const { logId, partitions } = JSON.parse(text) as Record<string, unknown>
  if (typeof logId !== 'string' || !/^[0-9a-f]{32}$/.test(logId) || !Number.isInteger(partitions))
    throw new Error(`${file} is not an event log's identity; restore it, or remove the whole folder to start a new log`)
  return { logId, partitions: partitions as number }
}
