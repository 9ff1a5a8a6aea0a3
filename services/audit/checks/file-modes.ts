/** protect: files of the data folder are for the user of the processes alone. */
import { stat } from 'node:fs/promises'
import path from 'node:path'
import { type Check, fail, named, notApplicable, type Outcome, pass } from '../check.ts'
import type { Scene } from '../scene.ts'

/** Those that others must not be able to enter or read; what is in the folders is behind them. */
const closed = ['.', 'credentials.json', 'event-log', 'key-value', 'key-value/secrets', 'choices']
const othersMask = 0o077

export const fileModesCheck: Check<Scene> = {
  id: 'file-modes',
  promise: 'the data folder, its secrets, raw records and choices can be read by their user alone',
  clauses: ['protect'],
  async look({ stores }): Promise<Outcome> {
    const { dataDir } = stores
    if (!dataDir) return notApplicable('the data folders of processes are on their hosts')
    const modes = await Promise.all(
      closed.map(async (name) => ({ name, mode: (await stat(path.join(dataDir, name)).catch(() => undefined))?.mode })),
    )
    const found = modes.filter(({ mode }) => mode !== undefined)
    const wrong = found.filter(({ mode = 0 }) => (mode & othersMask) !== 0)
    if (wrong.length > 0)
      return fail(
        named(wrong.map(({ name, mode = 0 }) => `${name === '.' ? 'the data folder' : name} has mode ${text(mode)}`)),
      )
    return pass(`${found.map(({ name, mode = 0 }) => `${name} ${text(mode)}`).join(', ')}`)
  },
}

function text(mode: number): string {
  return (mode & 0o777).toString(8).padStart(4, '0')
}
