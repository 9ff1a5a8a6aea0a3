/** `headcount retention`: what is kept, how much of it is there, and when the oldest of it goes. */
import type { Config } from '../../shared/config.ts'
import { holdsDocument, retentionDocument } from '../../shared/retention/document.ts'
import type { KindOfData } from '../../shared/retention/kind-of-data.ts'
import { retentionTable } from '../../shared/retention/table.ts'
import { type KeptNow, overdueMs } from '../retention/kept-now.ts'
import { columns } from './columns.ts'
import { withDesk } from './installation.ts'

export async function showRetention(config: Config, options: { table: boolean }): Promise<void> {
  const kinds = retentionTable(config)
  if (options.table) {
    process.stdout.write(`${retentionDocument(kinds)}\n${holdsDocument(kinds)}`)
    return
  }
  const kept = await withDesk(config, (desk) => desk.retention())
  const now = Date.now()
  process.stdout.write(`${keptLines(kinds, kept, now)}\n`)
  const overdue = kept.filter((one) => overdueMs(one, now) > 0).map(({ kind }) => kind)
  if (overdue.length === 0) return
  process.stdout.write(
    `\nPast its time: ${overdue.join(', ')}. Is a worker running? Its log says what keeps it; \`headcount doctor\` looks too.\n`,
  )
  process.exitCode = 1
}

/** One line a kind. `-`: not to be seen from here; infra/retention.md says where it is. */
export function keptLines(kinds: readonly KindOfData[], kept: readonly KeptNow[], now: number): string {
  const found = new Map(kept.map((one) => [one.kind, one]))
  const rows = kinds.map((kind) => {
    const one = found.get(kind.id)
    return [kind.id, count(one?.items), size(one?.bytes), age(one?.oldestAt, now), moment(one, now), kind.howLong]
  })
  return columns([['what', 'items', 'bytes', 'oldest', 'goes by (UTC)', 'kept'], ...rows])
}

function count(items: number | undefined): string {
  return items === undefined ? '-' : String(items)
}

function size(bytes: number | undefined): string {
  if (bytes === undefined) return '-'
  return bytes < 10_000
    ? String(bytes)
    : bytes < 1e7
      ? `${Math.round(bytes / 1e3)} kB`
      : `${Math.round(bytes / 1e6)} MB`
}

function age(at: number | undefined, now: number): string {
  if (at === undefined) return '-'
  const hours = Math.round((now - at) / 3_600_000)
  // An epoch or a window that has not ended yet.
  if (hours < 0) return 'open'
  return hours < 96 ? `${hours} h` : `${Math.round(hours / 24)} days`
}

function moment(one: KeptNow | undefined, now: number): string {
  if (one?.goesAt === undefined) return '-'
  const text = new Date(one.goesAt).toISOString().slice(0, 16)
  if (one.heldBy !== undefined) return `${text}, held by ${one.heldBy.join(', ')}`
  return overdueMs(one, now) > 0 ? `${text} OVERDUE` : text
}
