/** What is kept is within its time: the list of everything that is kept, divided into lines of the table. */
import { casesHolding, heldAt } from '../../../shared/retention/holds.ts'
import type { KindOfData } from '../../../shared/retention/kind-of-data.ts'
import { retentionTable } from '../../../shared/retention/table.ts'
import { type KeptNow, overdueMs } from '../../retention/kept-now.ts'
import { type Check, type ClauseId, fail, named, notApplicable, type Outcome, pass } from '../check.ts'
import type { Scene } from '../scene.ts'

interface Line {
  readonly id: string
  readonly promise: string
  readonly clauses: readonly ClauseId[]
  readonly kinds: readonly string[]
}

const lines: readonly Line[] = [
  {
    id: 'raw-retention',
    promise: 'raw records (identifiers, addresses, user agents) are gone 74 hours after they were received',
    clauses: ['collect-ip', 'collect-device', 'delete'],
    kinds: ['raw-records', 'spooled-records', 'seal-scratch'],
  },
  {
    id: 'key-ages',
    promise: 'no key of pseudonyms or of event ids lives past its deadline',
    clauses: ['collect-device', 'delete', 'retained-aggregates'],
    kinds: ['epoch-keys-day', 'epoch-keys-week', 'epoch-keys-month', 'event-id-keys', 'seal-keys'],
  },
  {
    id: 'cells-retention',
    promise: 'counts by minute go after 48 hours, counts by hour after 90 days, unless a legal hold keeps them',
    clauses: ['collect-feature', 'legal-hold'],
    kinds: ['minute-cells', 'hour-cells'],
  },
  {
    id: 'entries-retention',
    promise: 'hashes of event ids, quarantine and deletions go at their times',
    clauses: ['collect-device', 'confidential', 'delete'],
    kinds: ['event-ids', 'import-memory', 'known-values', 'quarantine', 'seal-requests', 'choices', 'deletions'],
  },
]

export const keptTimesChecks: readonly Check<Scene>[] = lines.map(({ kinds, ...line }) => ({
  ...line,
  look: async (scene) => lookAt(scene, kinds),
}))

async function lookAt({ kept, config, now, state }: Scene, kinds: readonly string[]): Promise<Outcome> {
  const all = await kept
  const found = kinds.flatMap((kind) => all.find((one) => one.kind === kind) ?? [])
  if (found.length === 0) return notApplicable('nothing of it is here')
  const listed = new Map(retentionTable(config).map((kind) => [kind.id, kind]))
  const held = heldAt(state?.holds() ?? [], now)
  const overdue = found.filter((one) => overdueMs(one, now) > 0)
  const isHeld = (kind: KindOfData | undefined) => kind !== undefined && casesHolding(kind, held).length > 0
  const wrong = overdue.filter(({ kind }) => !isHeld(listed.get(kind)))
  if (wrong.length > 0) return fail(named(wrong.map((one) => `${one.kind}: ${late(one, now)}`)))
  const kept_ = found.filter(({ items }) => items !== 0).map((one) => amount(one, now))
  const byHold = overdue.length > 0 ? `; kept by a legal hold: ${overdue.map(({ kind }) => kind).join(', ')}` : ''
  return pass(`${kept_.join(', ') || 'nothing of it is here now'}${byHold}`)
}

function late({ goesAt = 0 }: KeptNow, now: number): string {
  return `the oldest should have gone by ${new Date(goesAt).toISOString().slice(0, 16)}Z, ${hours(now - goesAt)} ago`
}

function amount({ kind, items, oldestAt }: KeptNow, now: number): string {
  const age = oldestAt === undefined || oldestAt > now ? '' : ` (oldest ${hours(now - oldestAt)})`
  return `${items === undefined ? '' : `${items} `}${kind}${age}`
}

function hours(ms: number): string {
  const count = ms / 3_600_000
  return count < 96 ? `${count < 10 ? count.toFixed(1) : Math.round(count)} h` : `${Math.round(count / 24)} days`
}
