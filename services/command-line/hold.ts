/** `headcount hold place|release|list`: what is kept beyond its time because the law demands it. */
import type { Config } from '../../shared/config.ts'
import type { Hold } from '../../shared/ledger/port.ts'
import type { Coverable } from '../../shared/retention/kind-of-data.ts'
import { columns } from './columns.ts'
import { withDesk } from './installation.ts'

export interface HoldPlaceOptions {
  why: string
  covers: string
  raw: boolean
  until?: string
  order?: string
}

export async function placeHold(config: Config, caseId: string, options: HoldPlaceOptions): Promise<void> {
  const { why, raw, until, order } = options
  const covers = options.covers.split(',').map((one) => one.trim() as Coverable)
  const wish = { case: caseId, why, covers: raw ? [...covers, 'raw' as const] : covers }
  const ending = { ...(until !== undefined && { until }), ...(order !== undefined && { order }) }
  const hold = await withDesk(config, (desk) => desk.placeHold({ ...wish, ...ending }))
  process.stdout.write(`${hold.case} is held from now on: ${hold.covers.join(', ')}.\n${meaning(hold)}`)
}

export async function releaseHold(config: Config, caseId: string, options: { why: string }): Promise<void> {
  await withDesk(config, (desk) => desk.releaseHold(caseId, options.why))
  process.stdout.write(
    `${caseId} is released. What it kept beyond its time goes with the next upkeep, unless another hold covers it:\n\`headcount retention\` shows it.\n`,
  )
}

export async function listHolds(config: Config): Promise<void> {
  const holds = await withDesk(config, (desk) => desk.holds())
  process.stdout.write(holds.length === 0 ? 'Nothing was ever held.\n' : `${holdLines(holds, Date.now())}\n`)
}

/** One line a hold, in the order of placing. */
export function holdLines(holds: readonly Hold[], now: number): string {
  const rows = holds.map((hold) => [
    hold.case,
    stateOf(hold, now),
    hold.covers.join(','),
    hold.placedAt.slice(0, 16),
    (hold.releasedAt ?? hold.until ?? '-').slice(0, 16),
    hold.order ?? '-',
    hold.why,
  ])
  return columns([['case', 'state', 'covers', 'placed (UTC)', 'ends (UTC)', 'order', 'why'], ...rows])
}

function stateOf({ releasedAt, until, covers }: Hold, now: number): string {
  if (releasedAt !== undefined) return 'released'
  if (until === undefined || now < Date.parse(until)) return 'held'
  return covers.length === 1 ? 'ended' : 'held, raw ended'
}

function meaning({ covers, until }: Hold): string {
  const raw = covers.includes('raw')
  return [
    ...(covers.includes('aggregates') ? ['  counts and releases do not expire until it is released'] : []),
    ...(covers.includes('ledger') ? ['  the ledger is not to be removed (nothing removes it in any case)'] : []),
    raw
      ? `  raw records are kept until ${until}; whoever opts out or asks for deletion is still left out of every count`
      : '  raw records are not kept any longer: they go after 72 hours as ever',
    '  this is in the ledger now, for good',
    '',
  ].join('\n')
}
