/**
 * The ledger's table. `seq`, `at`, `event`, `previous` and `hash` are the entry; `kind`, `day` and `dataset` stand beside
 * it for people who query it, and must be what the event says. There is no TTL: the ledger is kept for good.
 */
import { canonicalJson } from '../canonical-json.ts'
import type { InsertBlock, WarehouseReader } from '../warehouse/port.ts'
import { durabilitySettings } from '../warehouse/schema.ts'
import { escapeTab } from '../warehouse/tab-separated.ts'
import type { LedgerEntry, LedgerEvent } from './port.ts'

export const ledgerTable = 'ledger'

export const ledgerColumns = [
  'seq UInt64',
  "at DateTime64(3, 'UTC')",
  'kind LowCardinality(String)',
  'day String',
  'dataset LowCardinality(String)',
  'event String CODEC(ZSTD(3))',
  'previous FixedString(64)',
  'hash FixedString(64)',
] as const

export const createLedgerTable = `CREATE TABLE IF NOT EXISTS ${ledgerTable} (
  ${ledgerColumns.join(',\n  ')}
)
ENGINE = MergeTree
ORDER BY seq
SETTINGS ${durabilitySettings}, non_replicated_deduplication_window = 10000`

/** Rows that are read at once. */
const portionRows = 5000

interface LedgerRow {
  seq: string
  /** ms since the Unix epoch */
  ms: string
  kind: string
  day: string
  dataset: string
  event: string
  previous: string
  hash: string
}

/** Entries as one insert. */
export function ledgerBlock(entries: readonly LedgerEntry[], token: string): InsertBlock {
  const lines = entries.map(({ seq, at, event, previous, hash }) => {
    const { day, dataset } = besideEvent(event)
    // 2026-11-23T10:15:00.000Z
    const time = `${at.slice(0, 10)} ${at.slice(11, 23)}`
    return `${[seq, time, event.kind, day, dataset, escapeTab(canonicalJson(event)), previous, hash].join('\t')}\n`
  })
  const columns = ['seq', 'at', 'kind', 'day', 'dataset', 'event', 'previous', 'hash']
  return { table: ledgerTable, columns, lines: lines.join(''), rows: entries.length, token }
}

/**
 * What stands in the table with `from` <= seq < `before`, in order, doubles too, as it is: whoever reads must check the
 * chain. A row that is no entry, or whose columns contradict its event, comes with an event that never has its hash.
 */
export async function* readEntries(
  warehouse: Pick<WarehouseReader, 'select'>,
  from: number,
  before = Number.MAX_SAFE_INTEGER,
): AsyncGenerator<readonly LedgerEntry[]> {
  for (let next = from, skip = 0; ; ) {
    const rows = await warehouse.select<LedgerRow>(
      `SELECT seq, toUnixTimestamp64Milli(at) AS ms, kind, day, dataset, event, previous, hash FROM ${ledgerTable}
WHERE seq >= {from:UInt64} AND seq < {before:UInt64} ORDER BY seq, hash, event LIMIT ${portionRows} OFFSET {skip:UInt64}`,
      { from: next, before, skip },
    )
    const entries = rows.map(entryOf)
    if (entries.length > 0) yield entries
    if (entries.length < portionRows) return
    // By number and not by offset alone, which would read everything before; doubles of the last one are not lost.
    const last = entries.at(-1)?.seq ?? next
    const ofLast = entries.filter(({ seq }) => seq === last).length
    skip = last === next ? skip + ofLast : ofLast
    next = last
  }
}

function entryOf(row: LedgerRow): LedgerEntry {
  const { previous, hash } = row
  const seq = Number(row.seq)
  const at = new Date(Number(row.ms)).toISOString()
  return Object.freeze({ seq, at, event: eventOf(row), previous, hash })
}

function eventOf({ kind, day, dataset, event: text }: LedgerRow): LedgerEvent {
  try {
    const event = JSON.parse(text) as LedgerEvent
    const beside = besideEvent(event)
    if (event.kind === kind && beside.day === day && beside.dataset === dataset) return event
  } catch {
    // Not JSON, or not an object.
  }
  return { kind: 'unreadable' } as unknown as LedgerEvent
}

function besideEvent(event: LedgerEvent): { day: string; dataset: string } {
  const { day = '', dataset = '' } = event as { day?: string; dataset?: string }
  return { day, dataset }
}
