/** The secrets of an installation that runs elsewhere, for commands that talk to it. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Config } from '../../shared/config.ts'
import type { Credentials } from '../../shared/credentials.ts'

type Given = Pick<Config, 'dataDir' | keyof Credentials>

/**
 * Those configured, else those stored; '' for what neither has, or what this user may not read. Nothing is made, as
 * `loadCredentials` does: a new secret would be none that the running installation knows.
 */
export async function readStoredCredentials(config: Given): Promise<Credentials> {
  const text = await readFile(path.join(config.dataDir, 'credentials.json'), 'utf8').catch(() => '{}')
  const stored = parse(text)
  const use = (name: keyof Credentials) => config[name] || (typeof stored[name] === 'string' ? stored[name] : '')
  return { writeKey: use('writeKey'), adminToken: use('adminToken'), analystToken: use('analystToken') }
}

function parse(text: string): Partial<Credentials> {
  try {
    return (JSON.parse(text) as Partial<Credentials> | null) ?? {}
  } catch {
    return {}
  }
}
