/** The library that remembers what was synced, and the moment at which nothing else is left. */
import { execFileSync } from 'node:child_process'
import { type BigIntStats, existsSync } from 'node:fs'
import { copyFile, mkdir, open, readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const source = fileURLToPath(new URL('unsynced.c', import.meta.url))

/** Whether there is a C compiler; it comes with Debian's gcc and libc6-dev. */
export function hasCompiler(): boolean {
  try {
    execFileSync('gcc', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

export interface RolledBack {
  /** Files that had something unsynced. */
  files: number
  /** Bytes that differ in length, at least. */
  bytes: number
}

export class DurableState {
  readonly #root: string
  readonly #shadow: string
  readonly #library: string

  private constructor(root: string, shadow: string, library: string) {
    this.#root = root
    this.#shadow = shadow
    this.#library = library
  }

  /** @param root the folder that is watched; @param dir for the library and the copies. @throws Error without gcc */
  static async watch(root: string, dir: string): Promise<DurableState> {
    const library = path.join(dir, 'unsynced.so')
    execFileSync('gcc', ['-shared', '-fPIC', '-O2', '-Wall', '-Werror', '-o', library, source, '-ldl', '-lpthread'])
    const shadow = path.join(dir, 'synced')
    await mkdir(shadow, { recursive: true })
    return new DurableState(root, shadow, library)
  }

  /** For a process whose files are watched. @param forgets syncs of files with that in their path are forgotten */
  environment(forgets = ''): Record<string, string> {
    return {
      LD_PRELOAD: this.#library,
      POWER_CUT_ROOT: this.#root,
      POWER_CUT_SHADOW: this.#shadow,
      ...(forgets && { POWER_CUT_FORGETS: forgets }),
    }
  }

  /** As sync(1) does: all that is there now is durable. For what was installed long before the first cut. */
  async sync(): Promise<void> {
    for await (const { file, copy } of this.#files()) await copyFile(file, copy)
  }

  /** Leaves of every file what was synced. No process may have one open. */
  async cut(): Promise<RolledBack> {
    const rolledBack: RolledBack = { files: 0, bytes: 0 }
    for await (const { file, copy } of this.#files()) {
      const durable = existsSync(copy) ? await readFile(copy) : Buffer.alloc(0)
      const written = await readFile(file)
      if (written.equals(durable)) continue
      rolledBack.files++
      rolledBack.bytes += Math.abs(written.length - durable.length)
      await overwrite(file, durable)
    }
    return rolledBack
  }

  /** Every file below the root, and where its copy is or would be. */
  async *#files(): AsyncGenerator<{ file: string; copy: string }> {
    for (const entry of await readdir(this.#root, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue
      const file = path.join(entry.parentPath, entry.name)
      const about = await stat(file, { bigint: true }).catch(() => undefined)
      if (about) yield { file, copy: path.join(this.#shadow, nameOf(about)) }
    }
  }
}

/** As unsynced.c makes it. */
function nameOf({ ino, birthtimeNs }: BigIntStats): string {
  const second = 1_000_000_000n
  return `${ino}-${birthtimeNs / second}-${birthtimeNs % second}`
}

/** In place: the same inode, and so the same copy. */
async function overwrite(file: string, content: Buffer): Promise<void> {
  const handle = await open(file, 'r+')
  try {
    await handle.truncate(0)
    await handle.writeFile(content)
  } finally {
    await handle.close()
  }
}
