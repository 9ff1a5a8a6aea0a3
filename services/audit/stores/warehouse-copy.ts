/**
 * The tables of a data folder, opened by the audit itself: the engine lets one process at a time have a folder, so the
 * audit gives its own engine a folder of links to the same files. Files of a part never change once they are there, so a
 * link is a copy; they only go, and new ones come. Nothing is read through the process that is audited.
 */
import { copyFile, link, mkdir, readdir, readlink, rm, symlink } from 'node:fs/promises'
import path from 'node:path'
import { openEmbeddedWarehouse } from '../../../shared/warehouse/embedded.ts'
import type { Warehouse } from '../../../shared/warehouse/port.ts'
import { wholeOrClosed } from '../../transfer/restore-mark.ts'

/** Each look finds what came and went since the last; a busy worker makes a part each fifth of a second. */
const looksMax = 200
/** Of the process that runs; and what it is about to make or to remove. */
const passedOver = /^(?:status|tmp|shadow|tmp_.*|delete_tmp_.*|.*\.tmp)$/

/** @param to on the same file system; made here */
export async function linkTables(from: string, to: string): Promise<void> {
  const known = new Set<string>()
  for (let look = 0; look < looksMax; look++) {
    const found = new Map<string, 'folder' | 'file' | 'symlink'>()
    await list(from, '', found)
    const gone = [...known].filter((name) => !found.has(name))
    const come = [...found].filter(([name]) => !known.has(name))
    if (look > 0 && gone.length === 0 && come.length === 0) return
    for (const name of gone) {
      known.delete(name)
      await rm(path.join(to, name), { recursive: true, force: true })
    }
    for (const [name, kind] of come) if (await bring(from, to, name, kind)) known.add(name)
  }
  throw new Error('the tables change faster than they can be linked; try again when less is sent')
}

/**
 * Opens what `linkTables` made.
 * @throws ForeseenError when it is half of an export that is being restored
 */
export async function openLinkedTables(dir: string): Promise<Warehouse> {
  return await wholeOrClosed(await openEmbeddedWarehouse({ dir }))
}

async function list(from: string, name: string, found: Map<string, 'folder' | 'file' | 'symlink'>): Promise<void> {
  const entries = await readdir(path.join(from, name), { withFileTypes: true }).catch(ifGone([]))
  for (const entry of entries) {
    if (passedOver.test(entry.name)) continue
    const child = path.join(name, entry.name)
    if (entry.isDirectory()) {
      found.set(child, 'folder')
      await list(from, child, found)
    } else found.set(child, entry.isSymbolicLink() ? 'symlink' : 'file')
  }
}

/** False when it has gone meanwhile. */
async function bring(from: string, to: string, name: string, kind: 'folder' | 'file' | 'symlink'): Promise<boolean> {
  const [source, target] = [path.join(from, name), path.join(to, name)]
  if (kind === 'folder') {
    await mkdir(target, { recursive: true, mode: 0o700 })
    return true
  }
  await mkdir(path.dirname(target), { recursive: true, mode: 0o700 })
  if (kind === 'symlink') {
    // Relative ones, from a table's or database's name to its folder.
    await symlink(await readlink(source), target)
    return true
  }
  // What the engine writes on in place must not be shared with it.
  const isOfPart = /^store\/[^/]+\/[^/]+\/[^/]+_\d+_\d+_\d+/.test(name)
  return await (isOfPart ? link(source, target) : copyFile(source, target)).then(() => true, ifGone(false))
}

function ifGone<Value>(value: Value) {
  return (error: NodeJS.ErrnoException): Value => {
    if (error.code === 'ENOENT') return value
    throw error
  }
}
