/** What the example files of forwarders ask for, so far as it makes the request; each in its own form. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parse } from 'yaml'

const folder = path.join(import.meta.dirname, '../../infra/senders')

export interface Asked {
  readonly path: string
  readonly contentType: string
  readonly authorization: string
  /** Members of an event that go out. */
  readonly members: readonly string[]
  readonly compression: string
}

/** A section of Fluent Bit's file: its name, and keys with their values, of which some occur several times. */
type Section = readonly [string, readonly (readonly [string, string])[]]

/** @throws Error when the file does not send events one a line */
export function fluentBitAsks(): Asked {
  const sections = sectionsOf(readFileSync(path.join(folder, 'fluent-bit/fluent-bit.conf'), 'utf8'))
  const [, output] = sections.find(([name]) => name === 'OUTPUT')!
  const settingOf = (key: string) => output.find(([name]) => name.toLowerCase() === key)?.[1] ?? ''
  if (settingOf('format') !== 'json_lines' || settingOf('json_date_key') !== 'false')
    throw new Error('not one event a line')
  const headers = output.filter(([name]) => name === 'Header').map(([, value]) => value.split(/\s+(.*)/))
  const header = (wanted: string) => headers.find(([name]) => name === wanted)?.[1] ?? ''
  const filters = sections.filter(([name]) => name === 'FILTER').flatMap(([, pairs]) => pairs)
  return {
    path: settingOf('uri'),
    contentType: header('Content-Type'),
    authorization: header('Authorization'),
    members: filters.filter(([name]) => name === 'Allowlist_key').map(([, value]) => value),
    compression: settingOf('compress'),
  }
}

function sectionsOf(text: string): Section[] {
  const sections: [string, [string, string][]][] = []
  for (const line of text.split('\n').map((one) => one.trim())) {
    const head = /^\[(\w+)\]$/.exec(line)?.[1]
    const [key = '', value = ''] = line.split(/\s+(.*)/)
    if (head !== undefined) sections.push([head, []])
    else if (line !== '' && !line.startsWith('#')) sections.at(-1)?.[1].push([key, value])
  }
  return sections
}

/** @throws Error when the file does not send events one a line */
export function vectorAsks(): Asked {
  const { transforms, sinks } = parse(readFileSync(path.join(folder, 'vector/vector.yaml'), 'utf8'))
  const { uri, auth, encoding, framing, compression } = sinks.headcount
  if (encoding.codec !== 'json' || framing.method !== 'newline_delimited') throw new Error('not one event a line')
  return {
    path: new URL(uri).pathname,
    // As its sink labels that codec with that framing.
    contentType: 'application/x-ndjson',
    authorization: `${auth.strategy === 'bearer' ? 'Bearer' : auth.strategy} ${auth.token}`,
    members: [...transforms.events.source.matchAll(/"(\w+)": sent\.\1/g)].map(([, name]) => name),
    compression,
  }
}
