/**
 * The last look at a log line before it is written: every text in it, wherever it stands. Code that logs is not trusted to
 * know what an error of a library quotes.
 */
import { fileURLToPath } from 'node:url'
import type { Config } from '../config.ts'
import { withhold } from './withhold.ts'

/** Written by the logger or by our code alone, and long ids by nature: of a line, of an event log. */
const ownMembers: ReadonlySet<string> = new Set(['level', 'time', 'logId', 'earlier'])
const projectDir = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '')
const always = [`file://${projectDir}`, projectDir, '127.0.0.1', '[::1]', '::1', '0.0.0.0', 'localhost']
/** A shorter name would be found inside other words. */
const nameCharactersMin = 4

export type OwnPlaces = Partial<
  Pick<Config, 'dataDir' | 'host' | 'eventLogUrl' | 'keyValueUrl' | 'warehouseUrl' | 'warehouseReaderUrl'>
>

/** Folders and servers that the settings name; an operator is to read them in the log. Longest first. */
export function ownNames(places: OwnPlaces): string[] {
  const {
    dataDir = '',
    host = '',
    eventLogUrl = '',
    keyValueUrl = '',
    warehouseUrl = '',
    warehouseReaderUrl = '',
  } = places
  const hosts = [eventLogUrl, keyValueUrl, warehouseUrl, warehouseReaderUrl].flatMap(hostsOf)
  const names = [...always, dataDir, host, ...hosts].filter((name) => name.length >= nameCharactersMin)
  return [...new Set(names)].sort((a, b) => b.length - a.length)
}

/** `scheme://user:password@host:port,host:port/rest?more`: the hosts, with and without their ports. */
function hostsOf(url: string): string[] {
  const [, servers = ''] = /^[a-z+]+:\/\/(?:[^/?]*@)?([^/?@]*)/i.exec(url) ?? []
  return servers.split(',').flatMap((server) => [server, server.replace(/:\d+$/, '')])
}

/** @param line JSON, as pino writes it */
export function withoutConfidential(line: string, own: readonly string[]): string {
  let parsed: unknown
  try {
    parsed = JSON.parse(line)
  } catch {
    return `${JSON.stringify({ level: 50, msg: 'a log line that is no JSON is withheld' })}\n`
  }
  return `${JSON.stringify(guarded(parsed, own, 0))}\n`
}

function guarded(value: unknown, own: readonly string[], depth: number): unknown {
  if (typeof value === 'string') return withhold(value, own)
  if (Array.isArray(value)) return value.map((one) => guarded(one, own, depth + 1))
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).map(([name, one]) =>
    depth === 0 && ownMembers.has(name) ? [name, one] : [withhold(name), guarded(one, own, depth + 1)],
  )
  return Object.fromEntries(members)
}
