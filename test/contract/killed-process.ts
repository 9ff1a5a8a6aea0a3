/** Starts a script, reads its lines, and kills it with SIGKILL in the middle of what it is doing. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface FullDisk {
  /** Largest file it may write, until the limit is lifted. */
  fileBytesMax: number
  liftedAfterMs: number
}

/**
 * @param script beside this file
 * @param killAfterMs counted from its first line
 * @returns the lines it wrote
 */
export async function linesUntilKilled(
  script: string,
  args: string[],
  killAfterMs: number,
  fullDisk?: FullDisk,
): Promise<string[]> {
  const file = fileURLToPath(new URL(script, import.meta.url))
  const child = spawn(process.execPath, ['--import', 'tsx', file, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const limit = (bytes: string) => execFileSync('prlimit', ['--pid', String(child.pid), `--fsize=${bytes}:unlimited`])
  const lines: string[] = []
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (lines.push(line) !== 1) return
    if (fullDisk) {
      limit(String(fullDisk.fileBytesMax))
      setTimeout(() => limit('unlimited'), fullDisk.liftedAfterMs)
    }
    setTimeout(() => child.kill('SIGKILL'), killAfterMs)
  })
  await once(child, 'close')
  return lines
}
