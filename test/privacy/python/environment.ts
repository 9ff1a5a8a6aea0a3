/** A Python with the packages of requirements.txt, made once and kept under node_modules/.cache. */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const cache = join(import.meta.dirname, '../../../node_modules/.cache/privacy-python')
const installMs = 45_000

/**
 * @returns the interpreter
 * @throws Error that says why where there is no Python, no venv module, or no package index
 */
export async function pythonWith(requirements: string): Promise<string> {
  const name = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex')
    .slice(0, 16)
  const place = join(cache, name)
  const interpreter = join(place, 'bin/python')
  if (existsSync(interpreter)) return interpreter
  await mkdir(cache, { recursive: true })
  // Made beside its place and then moved, so that what is there is whole.
  const making = await mkdtemp(join(cache, 'making-'))
  const options = { timeout: installMs }
  try {
    await run('python3', ['-m', 'venv', making], options)
    await run(join(making, 'bin/python'), ['-m', 'pip', 'install', '--quiet', '-r', requirements], options)
    await rename(making, place)
  } catch (error) {
    await rm(making, { recursive: true, force: true })
    // Somebody else may have been faster.
    if (!existsSync(interpreter)) throw error
  }
  return interpreter
}
