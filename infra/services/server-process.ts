/** A server program as a child process that a test or a command starts, kills, pauses and starts again. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'

export interface ServerProcess {
  readonly pid: number
  /** Settles at its end; does not keep this process alive. */
  readonly ended: Promise<void>
  /** The same, and keeps this process alive until then. */
  untilItEnds(): Promise<void>
  kill(signal: NodeJS.Signals): void
}

/**
 * Starts `program` with its output appended to `logFile`.
 * @param lifetime `process`: it is killed when this process ends, in whatever way, kill -9 included; `detached`: it
 *   goes on alone
 */
export function startServer(
  program: string,
  args: readonly string[],
  logFile: string,
  lifetime: 'process' | 'detached',
): Promise<ServerProcess> {
  const log = openSync(logFile, 'a')
  const child = spawn(program, [...args], { stdio: ['ignore', log, log], detached: true })
  closeSync(log)
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('spawn', () => {
      const pid = child.pid as number
      if (lifetime === 'process') killWithThisProcess(pid, ended)
      child.unref()
      const untilItEnds = () => {
        child.ref()
        return ended
      }
      resolve({ pid, ended, untilItEnds, kill: (signal) => void child.kill(signal) })
    })
  })
}

/** A shell that waits at a pipe from this process: when the pipe breaks, this process is gone, and so must `pid` be. */
function killWithThisProcess(pid: number, ended: Promise<void>): void {
  const watcher: ChildProcess = spawn('sh', ['-c', `read -r over || kill -9 ${pid}`], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  watcher.stdin?.on('error', () => undefined)
  watcher.unref()
  // The pipe must not keep this process alive either.
  const { stdin } = watcher as unknown as { stdin: { unref?: () => void } | null }
  stdin?.unref?.()
  void ended.then(() => watcher.stdin?.write('over\n'))
}
