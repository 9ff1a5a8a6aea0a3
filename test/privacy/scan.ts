/**
 * Scans everything that an installation keeps or says, bytes and decoded rows, and tells where which needle was found.
 * A finding never quotes what is around it: the needle's own name says enough.
 */
import { open, readdir } from 'node:fs/promises'
import path from 'node:path'
import type { Engines } from '../../services/headcount.ts'
import { decodeRecord } from '../../shared/event.ts'
import { listSegments, SegmentWalk } from '../../shared/eventlog/segment-file.ts'
import type { KeyValue } from '../../shared/keyvalue/port.ts'
import type { Warehouse } from '../../shared/warehouse/port.ts'
import { lookThrough, overlappingChunks } from '../fixtures/live-folder.ts'
import type { NeedleSearch } from './needle-search.ts'

export interface Finding {
  /** The file, table, key or answer. */
  readonly where: string
  /** Names of the needles. */
  readonly what: readonly string[]
}

export const rawLogFolder = 'event-log'
/** The engine's own tables that could quote a statement or a row. */
const engineTables = [
  ...['errors', 'mutations', 'warnings', 'processes', 'parts', 'detached_parts', 'asynchronous_inserts'],
  ...['query_cache', 'query_condition_cache', 'schema_inference_cache', 'tables', 'columns'],
]

/** Text or bytes that came out of the installation, with what to call it. */
export function scanBytes(search: NeedleSearch, where: string, content: string | Buffer): Finding[] {
  const found = search.in(typeof content === 'string' ? Buffer.from(content, 'utf8') : content)
  return found.length === 0 ? [] : [{ where, what: found.map(({ what }) => what) }]
}

/** Every file under `dir` and its name, but for those under the folders of `except`. */
export function scanFiles(search: NeedleSearch, dir: string, except: readonly string[] = []): Promise<Finding[]> {
  return lookThrough(dir, async (entries) => {
    const findings: Finding[] = []
    for (const { file, name, isFile } of entries) {
      if (except.includes(name.split(path.sep)[0] ?? '')) continue
      findings.push(...scanBytes(search, `name of ${name}`, name))
      if (isFile) findings.push(...(await scanFile(search, file, name)))
    }
    return findings
  })
}

async function scanFile(search: NeedleSearch, file: string, name: string): Promise<Finding[]> {
  const what = new Set<string>()
  for await (const bytes of overlappingChunks(file, search.overlap))
    for (const needle of search.in(bytes)) what.add(needle.what)
  return what.size === 0 ? [] : [{ where: `file ${name}`, what: [...what] }]
}

/** What the files mean once decoded: compression and encodings would hide a leak from a look at the bytes. */
export async function scanRows(search: NeedleSearch, { keyValue, warehouse }: Engines): Promise<Finding[]> {
  return [...(await scanWarehouse(search, warehouse)), ...(await scanKeyValue(search, keyValue))]
}

/** Every row of every table and view; of a unique state its bytes and its count. */
export async function scanWarehouse(search: NeedleSearch, warehouse: Warehouse): Promise<Finding[]> {
  const columns = await warehouse.select<{ place: string; name: string; type: string }>(
    `SELECT concat(database, '.', table) AS place, name, type FROM system.columns
WHERE default_kind NOT IN ('EPHEMERAL', 'ALIAS') AND (database = currentDatabase() OR (database = 'system' AND has({engineTables:Array(String)}, table)))`,
    { engineTables },
  )
  const findings: Finding[] = []
  for (const place of new Set(columns.map((column) => column.place))) {
    const ofTable = columns.filter((column) => column.place === place)
    const values = ofTable.flatMap(({ name, type }) => {
      const column = `"${name}"`
      if (!type.startsWith('AggregateFunction(')) return [`toString(${column})`]
      return [`hex(${column})`, `unhex(hex(${column}))`, `toString(finalizeAggregation(${column}))`]
    })
    const rows = await warehouse.select<{ row: string }>(
      `SELECT hex(arrayStringConcat([${values.join(', ')}], '\\t')) AS row FROM ${place}`,
    )
    const text = rows.map(({ row }) => Buffer.from(row, 'hex'))
    findings.push(...scanBytes(search, `table ${place}`, Buffer.concat(text)))
  }
  return findings
}

async function scanKeyValue(search: NeedleSearch, keyValue: KeyValue): Promise<Finding[]> {
  const findings: Finding[] = []
  for await (const [key, value] of keyValue.scan(''))
    findings.push(...scanBytes(search, `key-value entry ${key}`, Buffer.concat([Buffer.from(`${key}\n`), value])))
  // Only names can be listed; the bytes of secrets lie in files, which are scanned as such.
  for (const { name } of await keyValue.secrets.list()) findings.push(...scanBytes(search, `secret ${name}`, name))
  return findings
}

/** Every record of the raw log, as bytes and decoded. @param dir of the log */
export async function scanRawLog(search: NeedleSearch, dir: string): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const partition of await readdir(dir, { withFileTypes: true })) {
    if (!partition.isDirectory()) continue
    for (const segment of await listSegments(path.join(dir, partition.name))) {
      const handle = await open(segment.file, 'r')
      try {
        const walk = new SegmentWalk(segment, handle, () => undefined)
        for (let record = await walk.next(); record; record = await walk.next()) {
          const where = `raw log, partition ${partition.name}, position ${record.position}`
          const decoded = JSON.stringify(decodeRecord(record.value)) ?? ''
          findings.push(...scanBytes(search, where, Buffer.concat([record.value, Buffer.from(decoded)])))
        }
      } finally {
        await handle.close()
      }
    }
  }
  return findings
}
