/**
 * One sender at a time has a folder. Each puts down a file that is named after its process, and looks for others: those of
 * dead processes it removes, and before a living one it withdraws. Nothing is ever taken over, so a process may be killed at
 * any moment of it, any number of times in a row.
 */
import { createHash } from 'node:crypto'
import { open, readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { processIdentity } from '../data-directory.ts'

const attemptsMax = 4
/** Two that begin at the same moment both withdraw, and are not likely to come back at the same moment. */
const pauseMsMax = 100

export class FolderInUseError extends Error {
  override readonly name = 'FolderInUseError'
  constructor(dir: string, pid: number) {
    super(`${dir} is in use by process ${pid}; each process needs a folder of its own`)
  }
}

/** @returns what gives it up. @throws FolderInUseError, Error when the folder cannot be written */
export async function lockFolder(dir: string): Promise<() => Promise<void>> {
  const name = await nameOfThisProcess()
  const file = path.join(dir, name)
  for (let attempt = 1; ; attempt++) {
    if (!(await create(file))) throw new FolderInUseError(dir, process.pid)
    const other = await livingOther(dir, name)
    if (other === undefined) return () => rm(file, { force: true })
    await rm(file, { force: true })
    if (attempt === attemptsMax) throw new FolderInUseError(dir, other)
    await sleep(Math.random() * pauseMsMax)
  }
}

/** Of a process's start, not only of its number: that is used again, in containers at once. */
async function nameOfThisProcess(): Promise<string> {
  const { startTicks, bootId } = await processIdentity(process.pid)
  return `${process.pid}-${startTicks ?? 0}-${shortOf(bootId)}.lock`
}

function shortOf(bootId: string | undefined): string {
  return bootId === undefined ? '0' : createHash('sha256').update(bootId).digest('hex').slice(0, 16)
}

/** False when another sender of this process has it. */
async function create(file: string): Promise<boolean> {
  try {
    await (await open(file, 'wx', 0o600)).close()
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return false
  }
}

/** Its process number. */
async function livingOther(dir: string, own: string): Promise<number | undefined> {
  for (const name of await readdir(dir)) {
    const [, pid, startTicks, boot] = /^(\d+)-(\d+)-([0-9a-f]+)\.lock$/.exec(name) ?? []
    if (pid === undefined || name === own) continue
    if (await isAlive(Number(pid), Number(startTicks), boot as string)) return Number(pid)
    await rm(path.join(dir, name), { force: true })
  }
  return undefined
}

async function isAlive(pid: number, startTicks: number, boot: string): Promise<boolean> {
  try {
    process.kill(pid, 0)
  } catch (error) {
    // EPERM: it is there and belongs to somebody else.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  const found = await processIdentity(pid)
  if (found.ended || boot !== shortOf(found.bootId)) return false
  return (found.startTicks ?? 0) === startTicks
}
