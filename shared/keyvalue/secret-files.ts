/**
 * Secrets as a file each, because only a whole file can be made to vanish: LMDB keeps removed values readable.
 *
 * `<name>.secret` holds when it was made (8 bytes) and the bytes; `<name>.destroyed` is the tombstone. What the disk
 * itself keeps (copies of a copy-on-write file system, worn flash cells) is out of reach of any program.
 */
import { randomFillSync } from 'node:crypto'
import { access, link, open, readdir, readFile, rm, stat, unlink } from 'node:fs/promises'
import path from 'node:path'
import type { Clock } from '../clock.ts'
import { leftOverFiles, makeDirectory, syncDirectory, writeFully, writeTemporary } from '../durable-file.ts'
import type { SecretStore } from './port.ts'

const secretEnding = '.secret'
const tombstoneEnding = '.destroyed'
const headerBytes = 8
/** File systems take 255 bytes; the rest is for the endings and a temporary file's own part. */
const fileNameBytesMax = 220

/** Opens the store in `dir` (made with mode 0700), and finishes interrupted destroys. */
export async function openSecretFiles(options: { dir: string; clock: Clock }): Promise<SecretFiles> {
  const { dir, clock } = options
  await makeDirectory(dir)
  const secrets = new SecretFiles(dir, clock)
  await secrets.finishInterrupted()
  return secrets
}

export class SecretFiles implements SecretStore {
  readonly #dir: string
  readonly #clock: Clock

  constructor(dir: string, clock: Clock) {
    this.#dir = dir
    this.#clock = clock
  }

  async createOnce(name: string, make: () => Buffer): Promise<Buffer | undefined> {
    const file = this.#file(name, secretEnding)
    const existing = await this.read(name)
    if (existing) return existing
    if (await this.isDestroyed(name)) return undefined
    const header = Buffer.alloc(headerBytes)
    header.writeDoubleLE(this.#clock.now())
    const temporary = await writeTemporary(file, Buffer.concat([header, make()]))
    try {
      await link(temporary, file)
    } catch (error) {
      await erase(temporary)
      if (!hasCode(error, 'EEXIST')) throw error
      return await this.read(name)
    }
    await unlink(temporary)
    await syncDirectory(this.#dir)
    // A destroy that ran between the look for a tombstone and the link saw no file to erase: its word stands.
    if (await this.isDestroyed(name)) await this.#eraseDurably(file)
    return await this.read(name)
  }

  async read(name: string): Promise<Buffer | undefined> {
    const content = await orUndefined(readFile(this.#file(name, secretEnding)))
    if (!content || (await this.isDestroyed(name))) return undefined
    return content.subarray(headerBytes)
  }

  async destroy(name: string): Promise<void> {
    const tombstone = await open(this.#file(name, tombstoneEnding), 'a', 0o600)
    try {
      await tombstone.sync()
    } finally {
      await tombstone.close()
    }
    // Only once the tombstone is sure to survive may the secret go: a lost one would let its name be made again.
    await syncDirectory(this.#dir)
    await this.#eraseDurably(this.#file(name, secretEnding))
  }

  async isDestroyed(name: string): Promise<boolean> {
    const tombstone = this.#file(name, tombstoneEnding)
    return await access(tombstone).then(
      () => true,
      (error) => {
        if (hasCode(error, 'ENOENT')) return false
        throw error
      },
    )
  }

  async list(): Promise<{ name: string; createdAt: number }[]> {
    const files = await readdir(this.#dir)
    const destroyed = new Set(namesWith(files, tombstoneEnding))
    const living = namesWith(files, secretEnding).filter((encoded) => !destroyed.has(encoded))
    const listed: { name: string; createdAt: number }[] = []
    for (const encoded of living.sort()) {
      const createdAt = await orUndefined(readCreatedAt(path.join(this.#dir, encoded + secretEnding)))
      if (createdAt !== undefined) listed.push({ name: decodeURIComponent(encoded), createdAt })
    }
    return listed
  }

  /** Erases secrets whose tombstone was written before a crash, and temporary files. */
  async finishInterrupted(): Promise<void> {
    for (const temporary of await leftOverFiles(this.#dir)) {
      // With a second name the file is a living secret: overwriting it would destroy that.
      if ((await stat(temporary)).nlink > 1) await unlink(temporary)
      else await erase(temporary)
    }
    for (const encoded of namesWith(await readdir(this.#dir), tombstoneEnding))
      await erase(path.join(this.#dir, encoded + secretEnding))
    await syncDirectory(this.#dir)
  }

  async #eraseDurably(file: string): Promise<void> {
    await erase(file)
    await syncDirectory(this.#dir)
  }

  #file(name: string, ending: string): string {
    const encoded = encodeName(name)
    if (encoded.length === 0 || encoded.length > fileNameBytesMax)
      throw new RangeError('the name of a secret is empty or too long')
    return path.join(this.#dir, encoded + ending)
  }
}

/** Percent-encodes all but a-z, 0-9, _ and -: upper case too, as some file systems do not tell it apart. */
function encodeName(name: string): string {
  return [...Buffer.from(name, 'utf8')]
    .map((byte) => {
      const character = String.fromCharCode(byte)
      return /[a-z0-9_-]/.test(character) ? character : `%${byte.toString(16).padStart(2, '0')}`
    })
    .join('')
}

function namesWith(files: readonly string[], ending: string): string[] {
  return files.filter((file) => file.endsWith(ending)).map((file) => file.slice(0, -ending.length))
}

/** Overwrites the bytes in place, syncs, then unlinks. Nothing happens when there is no such file. */
async function erase(file: string): Promise<void> {
  const handle = await orUndefined(open(file, 'r+'))
  if (!handle) return
  try {
    const { size } = await handle.stat()
    await writeFully(handle, randomFillSync(Buffer.alloc(size)), 0)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rm(file, { force: true })
}

async function readCreatedAt(file: string): Promise<number | undefined> {
  const handle = await open(file, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(headerBytes), 0, headerBytes, 0)
    return bytesRead === headerBytes ? buffer.readDoubleLE(0) : undefined
  } finally {
    await handle.close()
  }
}

async function orUndefined<T>(found: Promise<T>): Promise<T | undefined> {
  return await found.catch((error) => {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  })
}

function hasCode(error: unknown, code: string): boolean {
  return (error as NodeJS.ErrnoException).code === code
}
