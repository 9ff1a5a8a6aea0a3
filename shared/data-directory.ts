/**
 * One process at a time owns a data folder: its lock file says who. The embedded engines rely on it, since two
 * processes that write the same segment or LMDB environment would spoil each other's.
 */
import { link, readFile, rename, rm, unlink } from 'node:fs/promises'
import path from 'node:path'
import { makeDirectory, syncDirectory, writeAtomically, writeTemporary } from './durable-file.ts'

const lockName = 'headcount.lock'
const takeoverEnding = '.takeover'
/**
 * A process that dies while it takes over from a dead one leaves a takeover file, and the next one takes that over first. As
 * many in a row as a file name has room for: a supervisor may restart what is killed again and again.
 */
const takeoversMax = 20

export interface LockInfo {
  /** Where the collector listens, once it does. */
  collectorUrl?: string
  reportingUrl?: string
}

export interface LockHolder extends LockInfo {
  pid: number
  /** When the process started, in clock ticks since boot (Linux); tells it from a later one with the same pid. */
  startTicks?: number
  bootId?: string
  /** RFC 3339 */
  startedAt: string
}

export interface DataDirectoryLock {
  /** Adds to what the lock file says, for tools that want to find the running servers. */
  update(info: LockInfo): Promise<void>
  release(): Promise<void>
}

export class DataDirectoryInUseError extends Error {
  override readonly name = 'DataDirectoryInUseError'
  readonly holder: LockHolder
  constructor(dir: string, holder: LockHolder) {
    super(
      `${dir} is in use by process ${holder.pid} since ${holder.startedAt}. ` +
        'Stop that process, or set HEADCOUNT_DATA_DIR to another folder.',
    )
    this.holder = holder
  }
}

/** Our own pid in a lock file means a process before us had it (always 1 in a container), unless the lock is here. */
const heldHere = new Set<string>()

/**
 * Makes `dir` (mode 0700) if need be and takes its lock; a lock whose process is gone is taken over.
 * @throws DataDirectoryInUseError when a living process holds it, this one included
 */
export async function lockDataDirectory(dir: string, info: LockInfo = {}): Promise<DataDirectoryLock> {
  await makeDirectory(dir)
  const file = path.join(path.resolve(dir), lockName)
  let holder: LockHolder = { ...(await thisProcess()), startedAt: new Date().toISOString(), ...info }
  if (heldHere.has(file)) throw new DataDirectoryInUseError(dir, holder)
  heldHere.add(file)
  try {
    const current = await acquire(file, holder)
    if (current) throw new DataDirectoryInUseError(dir, current)
  } catch (error) {
    heldHere.delete(file)
    throw error
  }
  return {
    async update(more) {
      if (!heldHere.has(file)) return
      holder = { ...holder, ...more }
      await writeAtomically(file, serialise(holder))
    },
    async release() {
      if (!heldHere.delete(file)) return
      await rm(file, { force: true })
      await syncDirectory(dir)
    },
  }
}

/** The living process that holds `dir`, if there is one. */
export async function readLock(dir: string): Promise<LockHolder | undefined> {
  const file = path.join(path.resolve(dir), lockName)
  const found = await readHolder(file)
  if (typeof found !== 'object') return undefined
  return heldHere.has(file) || (await isAlive(found)) ? found : undefined
}

/** Makes `file` ours and returns undefined, or returns the living holder. */
async function acquire(file: string, ours: LockHolder, takeovers = 0): Promise<LockHolder | undefined> {
  if (await createWhole(file, ours)) return undefined
  const holder = await livingHolder(file)
  if (typeof holder === 'object') return holder
  if (takeovers >= takeoversMax) throw new Error(`${file} cannot be taken over; remove it if nothing runs`)
  // Two processes may find the same dead holder. Only who has the takeover file may replace the lock, and looks again.
  const takeover = file + takeoverEnding
  const busy = await acquire(takeover, ours, takeovers + 1)
  if (busy) return busy
  try {
    for (;;) {
      if (await createWhole(file, ours)) return undefined
      const now = await livingHolder(file)
      if (typeof now === 'object') return now
      // Released this moment: whoever creates it next has it. Dead: it stays so, and replacing it is ours alone.
      if (now === 'absent') continue
      await rename(await writeTemporary(file, serialise(ours)), file)
      return undefined
    }
  } finally {
    await rm(takeover, { force: true })
  }
}

/** Creates `file` with its content in one step: nobody ever sees it empty. False when it is there already. */
async function createWhole(file: string, holder: LockHolder): Promise<boolean> {
  const temporary = await writeTemporary(file, serialise(holder))
  try {
    await link(temporary, file)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    await unlink(temporary)
  }
}

function serialise(holder: LockHolder): string {
  return `${JSON.stringify(holder)}\n`
}

async function livingHolder(file: string): Promise<LockHolder | 'absent' | 'dead'> {
  const found = await readHolder(file)
  if (found === 'absent') return found
  return found !== 'unreadable' && (await isAlive(found)) ? found : 'dead'
}

async function readHolder(file: string): Promise<LockHolder | 'absent' | 'unreadable'> {
  try {
    const holder = JSON.parse(await readFile(file, 'utf8')) as LockHolder
    return Number.isInteger(holder.pid) && holder.pid > 0 ? holder : 'unreadable'
  } catch (error) {
    if (error instanceof SyntaxError) return 'unreadable'
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'absent'
    throw error
  }
}

async function isAlive(holder: LockHolder): Promise<boolean> {
  if (holder.pid === process.pid) return false
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    // EPERM: it is there and belongs to somebody else.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  const { bootId, startTicks, ended } = await processIdentity(holder.pid)
  if (ended) return false
  if (holder.bootId !== undefined && bootId !== undefined && holder.bootId !== bootId) return false
  return holder.startTicks === undefined || startTicks === undefined || holder.startTicks === startTicks
}

async function thisProcess(): Promise<Pick<LockHolder, 'pid' | 'startTicks' | 'bootId'>> {
  const { startTicks, bootId } = await processIdentity(process.pid)
  return { pid: process.pid, ...(startTicks !== undefined && { startTicks }), ...(bootId !== undefined && { bootId }) }
}

export interface ProcessIdentity {
  startTicks: number | undefined
  bootId: string | undefined
  /** Dead, but its parent has not taken notice yet. */
  ended: boolean
}

/** From /proc; nothing where there is none. */
export async function processIdentity(pid: number): Promise<ProcessIdentity> {
  const read = (file: string) => readFile(file, 'utf8').catch(() => undefined)
  const stat = await read(`/proc/${pid}/stat`)
  const bootId = await read('/proc/sys/kernel/random/boot_id')
  // The name in field 2 may hold spaces and brackets; state is field 3 and starttime field 22.
  const afterName = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
  const startTicks = afterName?.[19] === undefined ? undefined : Number(afterName[19])
  return { startTicks, bootId: bootId?.trim(), ended: afterName?.[0] === 'Z' || afterName?.[0] === 'X' }
}
