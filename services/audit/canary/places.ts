/** The places in which canaries are looked for. Each says where one was found, never what is around it. */
import { open } from 'node:fs/promises'
import path from 'node:path'
import { decodeRecord } from '../../../shared/event.ts'
import type { LogRecord, PartitionHistory } from '../../../shared/eventlog/port.ts'
import type { KeyValue } from '../../../shared/keyvalue/port.ts'
import type { WarehouseReader } from '../../../shared/warehouse/port.ts'
import { named } from '../check.ts'
import { filesBelow } from '../files-below.ts'
import type { CanarySearch } from './canaries.ts'

const chunkBytes = 8 * 1024 * 1024
const portion = { records: 1000, bytes: 16 * 1024 * 1024, waitMs: 0 }
/** Which of the engine's own tables could quote a statement. */
const engineTables = ['query_log', 'text_log', 'processes', 'mutations', 'errors', 'asynchronous_inserts', 'warnings']

/** Every column of text of every table, and of the engine's own that this user may read. */
export async function findInTables(
  search: CanarySearch,
  tables: Pick<WarehouseReader, 'select'>,
): Promise<{ found: string[]; looked: number }> {
  const columns = await tables.select<{ place: string; own: number; name: string; type: string }>(
    `SELECT concat(database, '.', table) AS place, database = currentDatabase() AS own, name, type FROM system.columns
WHERE default_kind NOT IN ('EPHEMERAL', 'ALIAS') AND (database = currentDatabase() OR (database = 'system' AND has({engineTables:Array(String)}, table)))`,
    { engineTables },
  )
  const found: string[] = []
  const places = [...new Set(columns.map(({ place }) => place))]
  for (const place of places) {
    const ofTable = columns.filter((column) => column.place === place)
    const values = ofTable.filter(({ type }) => /String|JSON|Map/.test(type)).map(({ name }) => `toString("${name}")`)
    if (values.length === 0) continue
    const where = values.map((value) => `multiSearchAny(${value}, {texts:Array(String)})`).join(' OR ')
    // Where statements are listed this one is too.
    const own = ofTable.find(({ name }) => name === 'query' || name === 'message')?.name
    const others = own === undefined ? '' : ` AND position("${own}", 'multiSearchAny') = 0`
    const rows = tables.select<{ rows: string }>(`SELECT count() AS rows FROM ${place} WHERE (${where})${others}`, {
      texts: search.texts,
    })
    // Of the engine's own tables some may be closed to this user.
    const [row] = await (ofTable[0]?.own === 1 ? rows : rows.catch(() => []))
    if (Number(row?.rows ?? 0) > 0) found.push(`${row?.rows} rows of ${place}`)
  }
  return { found, looked: places.length }
}

export async function findInKeyValue(
  search: CanarySearch,
  keyValue: KeyValue,
): Promise<{ found: string[]; looked: number }> {
  const found: string[] = []
  let looked = 0
  for await (const [key, value] of keyValue.scan('')) {
    looked++
    // A key may itself have a canary in it, and is then not to be printed.
    if (search.isIn(key)) found.push('the name of an entry')
    else if (search.isIn(value)) found.push(`the entry ${key}`)
  }
  for (const { name } of await keyValue.secrets.list()) if (search.isIn(name)) found.push('the name of a secret')
  return { found, looked }
}

/** Files below `dir`; `pass` says which are not looked at. */
export async function findInFiles(
  search: CanarySearch,
  dir: string,
  pass: (name: string) => boolean,
): Promise<{ found: string[]; looked: number }> {
  const found: string[] = []
  let looked = 0
  for (const name of await filesBelow(dir)) {
    if (pass(name)) continue
    looked++
    if (search.isIn(name)) found.push('the name of a file')
    else if (await isInFile(search, path.join(dir, name))) found.push(`the file ${name}`)
  }
  return { found, looked }
}

export async function isInFile(search: CanarySearch, file: string): Promise<boolean> {
  const handle = await open(file, 'r').catch((error: NodeJS.ErrnoException) => {
    // It has gone meanwhile.
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (!handle) return false
  try {
    const buffer = Buffer.alloc(chunkBytes)
    for (let at = 0; ; at += chunkBytes - search.overlap) {
      const { bytesRead } = await handle.read(buffer, 0, chunkBytes, at)
      if (search.isIn(buffer.subarray(0, bytesRead))) return true
      if (bytesRead < chunkBytes) return false
    }
  } finally {
    await handle.close()
  }
}

/** A record of the event log that came after a moment, and whether something of a canary is in it. */
export interface SeenRecord {
  readonly partition: number
  readonly position: number
  readonly text: string
}

/** Records from those positions on in which a canary is. */
export async function findInLog(
  search: CanarySearch,
  histories: readonly PartitionHistory[],
  from: ReadonlyMap<number, number>,
): Promise<SeenRecord[]> {
  const seen: SeenRecord[] = []
  for (const history of histories) {
    let at = from.get(history.partition) ?? 0
    for (;;) {
      const { records, end } = await history.read(at, portion)
      for (const record of records) {
        const text = textOf(record)
        if (search.isIn(record.value) || search.isIn(text))
          seen.push({ partition: history.partition, position: record.position, text })
      }
      at = (records.at(-1)?.position ?? end) + 1
      if (records.length === 0 || at >= end) break
    }
  }
  return seen
}

function textOf({ value }: LogRecord): string {
  return JSON.stringify(decodeRecord(value)) ?? value.toString('latin1')
}

/** One line for a check's evidence. */
export function foundIn(found: readonly string[]): string {
  return `found in ${named(found)}`
}
