/** Parts of the benchmark run in processes of their own, so that one part's processor time and memory are its own. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** A running part: asked by a message, it answers with one. */
export interface MeasuredProcess extends AsyncDisposable {
  /** The first message it sends by itself. */
  hello: unknown
  ask<Answer>(question: unknown): Promise<Answer>
  /** The next message. */
  next<Answer>(): Promise<Answer>
}

/** Starts `test/bench/<file>` with arguments; ends when disposed. */
export async function startMeasured(
  file: string,
  args: string[],
  options: { exposeGc?: boolean } = {},
): Promise<MeasuredProcess> {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), args, {
    // As `npm start` does it.
    execArgv: [...(options.exposeGc ? ['--expose-gc'] : []), '--max-semi-space-size=32', '--import', 'tsx'],
    env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('HEADCOUNT_'))),
  })
  const exited = once(child, 'exit')
  const next = async <Answer>(): Promise<Answer> => {
    const failed = exited.then(([code]) => Promise.reject(new Error(`${file} ended with ${code}`)))
    failed.catch(() => undefined)
    const [message] = (await Promise.race([once(child, 'message'), failed])) as [Answer]
    return message
  }
  return {
    hello: await next(),
    next,
    ask<Answer>(question: unknown) {
      child.send(question as object)
      return next<Answer>()
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await exited
    },
  }
}

/** Runs `use` with a temporary folder. */
export async function withFolder<T>(use: (dir: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'headcount-bench-'))
  try {
    return await use(dir)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

/** Processor seconds of this process so far, all threads, user and system. */
export function processorSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
