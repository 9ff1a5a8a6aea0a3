/** The files of a folder whose owner goes on writing, merging and removing in it. */
import { readdir } from 'node:fs/promises'
import path from 'node:path'

/**
 * Names relative to `dir`, with slashes. A folder below it that goes while it is looked at has no files.
 * @throws when `dir` itself cannot be read
 */
export async function filesBelow(dir: string): Promise<string[]> {
  const found: string[] = []
  await list(dir, '', found)
  return found
}

async function list(dir: string, below: string, found: string[]): Promise<void> {
  for (const entry of await entriesOf(path.join(dir, below), below === '')) {
    const name = below === '' ? entry.name : `${below}/${entry.name}`
    if (entry.isDirectory()) await list(dir, name, found)
    else if (entry.isFile()) found.push(name)
  }
}

async function entriesOf(folder: string, isTop: boolean) {
  try {
    return await readdir(folder, { withFileTypes: true })
  } catch (error) {
    if (!isTop && (error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
