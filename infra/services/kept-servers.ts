/** What `services:up` started on this machine, as `services:status`, `services:down` and people find it. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'

export const servicesDir = path.resolve('.services')

export interface KeptServers {
  /** Process that keeps them. */
  readonly keeper: number
  readonly startedAt: string
  readonly HEADCOUNT_EVENT_LOG_URL: string
  readonly HEADCOUNT_KEY_VALUE_URL: string
  readonly HEADCOUNT_WAREHOUSE_URL: string
}

/** The servers that run now, if any. */
export async function keptServers(dir = servicesDir): Promise<KeptServers | undefined> {
  const text = await readFile(path.join(dir, 'servers.json'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) return undefined
  const servers = JSON.parse(text) as KeptServers
  return isAlive(servers.keeper) ? servers : undefined
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
