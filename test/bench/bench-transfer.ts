/**
 * `npm run bench:transfer -- --cells 1000000`: export and restore of so many final counts by the commands, and of a tenth of
 * them: seconds, bytes, and the most memory that each process had at a time.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { fillTables } from './transfer-source.ts'

const { values } = parseArgs({ options: { cells: { type: 'string', default: '1000000' } } })
const root = path.resolve(import.meta.dirname, '../..')

interface Ran {
  readonly seconds: number
  /** Largest resident set, in MiB; where /proc tells it. */
  readonly peak: number
}

async function run(dataDir: string, ...args: string[]): Promise<Ran> {
  const startedAt = performance.now()
  const child = spawn(process.execPath, ['--import', 'tsx', 'services/command-line/headcount.ts', ...args], {
    cwd: root,
    env: { ...process.env, HEADCOUNT_DATA_DIR: dataDir },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const ended = once(child, 'exit')
  let peak = 0
  while (child.exitCode === null && child.signalCode === null) {
    try {
      const [, kibibytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? []
      if (kibibytes !== undefined) peak = Math.max(peak, Number(kibibytes) / 1024)
    } catch {
      // It has just ended, or there is no /proc.
    }
    await Promise.race([sleep(50), ended])
  }
  if (child.exitCode !== 0) throw new Error(`${args[0]} ended with ${child.exitCode ?? child.signalCode}`)
  return { seconds: (performance.now() - startedAt) / 1000, peak }
}

async function bytesIn(dir: string): Promise<number> {
  const names = await readdir(dir, { recursive: true })
  const sizes = await Promise.all(names.map(async (name) => (await stat(path.join(dir, name))).size))
  return sizes.reduce((sum, size) => sum + size, 0)
}

const cells = Number(values.cells)
for (const count of [cells / 10, cells]) {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'headcount-bench-'))
  try {
    const [source, target, folder] = ['source', 'target', 'export'].map((name) => path.join(dir, name)) as [
      string,
      string,
      string,
    ]
    await fillTables(source, count)
    const exported = await run(source, 'export-all', folder, '--to', 'bench', '--case', 'bench')
    const restored = await run(target, 'restore', folder)
    const say = ({ seconds, peak }: Ran) => `${seconds.toFixed(1)} s, ${Math.round(peak)} MiB`
    process.stdout.write(
      `${count} cells, ${Math.round((await bytesIn(folder)) / 1e6)} MB: export ${say(exported)}; restore ${say(restored)}\n`,
    )
  } finally {
    await rm(dir, { recursive: true, force: true, maxRetries: 10 })
  }
}
