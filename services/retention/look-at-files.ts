/** Scratch files and the spool, as far as they are on this machine. */
import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { epochKeyMs, spoolMs } from '../../shared/retention/limits.ts'
import { type KeptNow, type LookTools, oldestOf, until } from './kept-now.ts'

interface Found {
  readonly path: string
  readonly bytes: number
  readonly at: number
}

export async function lookAtFiles({ dataDir }: LookTools): Promise<KeptNow[]> {
  if (dataDir === undefined) return []
  const [spool, embedded, ofWorker] = await Promise.all(
    ['collector/spool', 'scratch', 'worker/scratch'].map((dir) => filesUnder(path.join(dataDir, dir))),
  )
  const scratch = [...(embedded ?? []), ...(ofWorker ?? [])]
  const isSeal = ({ path: file }: Found) => file.split(path.sep).includes('seal')
  return [
    sum('spooled-records', spool ?? [], spoolMs),
    sum('seal-scratch', scratch.filter(isSeal), epochKeyMs),
    sum(
      'worker-scratch',
      scratch.filter((file) => !isSeal(file)),
    ),
  ]
}

function sum(kind: string, files: readonly Found[], keptMs?: number): KeptNow {
  const oldestAt = oldestOf(files.map(({ at }) => at))
  return {
    kind,
    items: files.length,
    bytes: files.reduce((total, { bytes }) => total + bytes, 0),
    ...(keptMs === undefined ? oldestAt !== undefined && { oldestAt } : until(oldestAt, keptMs)),
  }
}

/** None where there is no such folder, or a file goes meanwhile. */
async function filesUnder(dir: string): Promise<Found[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => [])
  const files = entries.filter((entry) => entry.isFile())
  const found = await Promise.all(
    files.map(async (entry) => {
      const file = path.join(entry.parentPath, entry.name)
      const known = await stat(file).catch(() => undefined)
      return known && { path: path.relative(dir, file), bytes: known.size, at: known.mtimeMs }
    }),
  )
  return found.filter((file) => file !== undefined)
}
