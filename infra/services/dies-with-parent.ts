/** A server that a test or a tool started must not outlive it, however that ended: SIGKILL runs no handler. */
import { type ChildProcess, spawn } from 'node:child_process'

/**
 * Kills `child`, spawned `detached`, and its process group with SIGKILL as soon as this process is gone. A shell waits for the end of a pipe that only this
 * process holds open, which works on every system that has a shell.
 */
export function diesWithParent(child: ChildProcess): void {
  const watcher = spawn('/bin/sh', ['-c', `read -r _; kill -9 -${child.pid}`], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // Ctrl-C in a terminal reaches every process of the group: the watcher must outlive this one by a moment.
    detached: true,
  })
  watcher.unref()
  // A watcher left behind could kill another process that got the same id.
  child.once('exit', () => watcher.kill('SIGKILL'))
  // The pipe is closed by the system when this process ends, not by a reference to it.
  ;(watcher.stdin as unknown as { unref?(): void }).unref?.()
  watcher.stdin.on('error', () => undefined)
}
