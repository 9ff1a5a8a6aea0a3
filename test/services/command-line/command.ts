/** Runs a command of `headcount` as a user does: in a process of its own. */
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const entry = fileURLToPath(new URL('../../../services/command-line/headcount.ts', import.meta.url))

export interface CommandResult {
  code: number | null
  output: string
}

/** @param settings HEADCOUNT_… variables; none of this process's own are passed on */
export async function runCommand(
  args: readonly string[],
  settings: Record<string, string>,
  signalAfter?: { line: RegExp; signal: NodeJS.Signals },
): Promise<CommandResult> {
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), entry, ...args], {
    env: { PATH, HOME, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  let signalled = false
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (piece: string) => {
      output += piece
      if (signalled || !signalAfter?.line.test(output)) return
      signalled = true
      child.kill(signalAfter.signal)
    })
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  return { code, output }
}

/** A folder that is gone after the test. */
export async function temporaryFolder(): Promise<AsyncDisposable & { path: string }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'headcount-command-'))
  return { path: folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) }
}
