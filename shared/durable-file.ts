/** Files that are there whole or not at all after a crash of the machine, and are still there once a call resolves. */
import { randomBytes } from 'node:crypto'
import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'

const temporaryEnding = '.tmp'

/** Makes file creations, renames and unlinks in `dir` durable. */
export async function syncDirectory(dir: string): Promise<void> {
  const handle = await open(dir, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Makes `dir` (mode 0700) and what is missing above it, durably. */
export async function makeDirectory(dir: string): Promise<void> {
  const firstMade = await mkdir(dir, { recursive: true, mode: 0o700 })
  if (firstMade === undefined) return
  for (let made = path.resolve(dir); made.length >= firstMade.length; made = path.dirname(made))
    await syncDirectory(path.dirname(made))
}

/** Writes a synced file of mode 0600 beside `file` under a name of its own; returns that name, for rename or link. */
export async function writeTemporary(file: string, content: string | Buffer): Promise<string> {
  const temporary = `${file}.${randomBytes(6).toString('hex')}${temporaryEnding}`
  const handle = await open(temporary, 'wx', 0o600)
  try {
    await handle.writeFile(content)
    await handle.sync()
  } finally {
    await handle.close()
  }
  return temporary
}

/** Replaces or creates `file` (mode 0600): a reader, also one after a crash, sees the old content or the new one. */
export async function writeAtomically(file: string, content: string | Buffer): Promise<void> {
  const temporary = await writeTemporary(file, content)
  try {
    await rename(temporary, file)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncDirectory(path.dirname(file))
}

/** Files in `dir` that a crashed `writeTemporary` left behind. */
export async function leftOverFiles(dir: string): Promise<string[]> {
  const names = await readdir(dir)
  return names.filter((name) => name.endsWith(temporaryEnding)).map((name) => path.join(dir, name))
}

/** Writes all of `content` at `offset`: one write may take only part of it. */
export async function writeFully(handle: FileHandle, content: Buffer, offset: number): Promise<void> {
  let written = 0
  while (written < content.length) {
    const { bytesWritten } = await handle.write(content, written, content.length - written, offset + written)
    written += bytesWritten
  }
}

/** Up to `length` bytes from `offset`; fewer only at the end of the file. */
export async function readFully(handle: FileHandle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length)
  let filled = 0
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, offset + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return buffer.subarray(0, filled)
}
