/**
 * The doctor on the embedded engines: each is loaded and used in a process of its own over a temporary folder, since a
 * native module that does not fit this machine can end the process it is loaded in.
 */
import { type ExecFileException, execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Finding, fail, ok } from './doctor-findings.ts'

const trialMsMax = 30_000
const mend =
  'run `npm ci` on this machine; there are binaries for Linux (glibc) and macOS on x64 and arm64, not for musl or Windows'

/** What each trial runs as a module; it has `load()` and a folder `dir`, and prints `works` in the end. */
const trials = [
  {
    name: 'lmdb',
    use: 'key-value engine',
    code: `const { open } = await load()
      const store = open({ path: dir + '/lmdb' })
      await store.put('a', 1)
      if (store.get('a') !== 1) throw new Error('does not give back what was put')
      await store.close()`,
  },
  {
    name: 'chdb',
    use: 'warehouse engine',
    code: `const { Session } = await load()
      const session = new Session(dir + '/chdb')
      if (String(session.query('SELECT 1')).trim() !== '1') throw new Error('SELECT 1 is not 1')
      session.close()`,
  },
] as const

/** Both engines can be loaded and do something. The data folder is not touched. */
export async function checkEngines(): Promise<Finding[]> {
  const dir = await mkdtemp(path.join(tmpdir(), 'headcount-doctor-'))
  try {
    return await Promise.all(
      trials.map(async ({ name, use, code }) => {
        const trouble = await tryOut(name, code, dir)
        return trouble === undefined ? ok(`${use} ${name} works`) : fail(`${use} ${name}: ${trouble}`, mend)
      }),
    )
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

/** Undefined when it works, else what is wrong. */
async function tryOut(name: string, code: string, dir: string): Promise<string | undefined> {
  let address: string
  try {
    address = import.meta.resolve(name)
  } catch {
    return 'is not installed'
  }
  const module = `const dir = ${JSON.stringify(dir)}
    const load = () => import(${JSON.stringify(address)})
    try { ${code}; console.log('works') } catch (error) { console.log(error.message) }
    process.exit()`
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--input-type=module', '--eval', module],
      // Nothing of our environment: neither secrets nor the loader that runs this process.
      { timeout: trialMsMax, env: {}, cwd: dir },
      (error, stdout) => {
        const said = stdout.trim().split('\n')
        if (said.includes('works')) resolve(undefined)
        else resolve(said[0] || (error ? reasonOf(error) : 'ended without a word'))
      },
    )
  })
}

function reasonOf(error: ExecFileException): string {
  if (error.killed) return `no answer in ${trialMsMax / 1000} s`
  // The error's message would repeat the whole command.
  return error.signal ? `ended by ${error.signal}` : `cannot be loaded (exit code ${error.code})`
}
