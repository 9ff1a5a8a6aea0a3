/** Placing and releasing legal holds. A hold is what the ledger says; nothing else knows of it. */
import type { Clock } from '../../shared/clock.ts'
import { confidentialKind } from '../../shared/confidential/detector.ts'
import { isPersonal } from '../../shared/confidential/kind.ts'
import type { Hold, Ledger, LedgerEvent } from '../../shared/ledger/port.ts'
import { isPrintableLine } from '../../shared/printable-line.ts'
import { type Coverable, coverables } from '../../shared/retention/kind-of-data.ts'
import { parseTime } from '../../shared/rfc3339.ts'

/** What an operator asks for; it may come from outside, so nothing is taken for granted. */
export interface HoldWish {
  /** The case id: 1 to 100 printable characters. */
  readonly case: string
  /** 1 to 500 printable characters; the ledger keeps them for good. */
  readonly why: string
  readonly covers: readonly Coverable[]
  /** Of a hold of raw records: its end, RFC 3339 or a day, and the order that demands it. */
  readonly until?: string
  readonly order?: string
}

/** What was asked for cannot be done; the text says what is wrong and what to do. */
export class HoldError extends Error {
  override readonly name = 'HoldError'
}

export interface HoldTools {
  readonly ledger: Ledger
  readonly clock: Clock
  /** Kafka removes records by itself, and can be told for all of them alike only. */
  readonly mayHoldRaw: boolean
}

const caseMax = 100
const whyMax = 500
const known: readonly string[] = coverables

/** What it covers is kept by every upkeep that begins after this has resolved. @throws HoldError */
export async function placeHold(tools: HoldTools, wish: HoldWish): Promise<Hold> {
  const event = checkWish(wish, tools)
  await tools.ledger.append((state) => {
    if (activeHold(state.holds(), event.case))
      throw new HoldError(`${event.case} is held already; release it first, or place another case`)
    return { events: [event], result: undefined }
  })
  return activeHold((await tools.ledger.state()).holds(), event.case) as Hold
}

/** What is past its time goes at the next upkeep, unless another hold covers it. @throws HoldError */
export async function releaseHold({ ledger }: HoldTools, caseId: string, why: string): Promise<void> {
  const event = { kind: 'hold.released', case: checkText('case', caseId, caseMax), why: checkText('why', why, whyMax) }
  await ledger.append((state) => {
    if (!activeHold(state.holds(), event.case))
      throw new HoldError(`${event.case} is not held; \`headcount hold list\` shows the cases that are`)
    return { events: [event as LedgerEvent], result: undefined }
  })
}

function activeHold(holds: readonly Hold[], caseId: string): Hold | undefined {
  return holds.find((hold) => hold.case === caseId && hold.releasedAt === undefined)
}

function checkWish(wish: HoldWish, tools: HoldTools): Extract<LedgerEvent, { kind: 'hold.placed' }> {
  const caseId = checkText('case', wish.case, caseMax)
  const why = checkText('why', wish.why, whyMax)
  const covers = Array.isArray(wish.covers) ? [...new Set(wish.covers)] : []
  if (covers.length === 0 || !covers.every((one) => known.includes(one)))
    throw new HoldError(`a hold covers one or more of ${known.join(', ')}`)
  const placed = { kind: 'hold.placed', case: caseId, why, covers } as const
  if (covers.includes('raw')) return { ...placed, ...checkOrder(wish, tools) }
  if (wish.until !== undefined || wish.order !== undefined)
    throw new HoldError('an end and an order belong to a hold of raw records; others end when they are released')
  return placed
}

/** Raw records are about somebody: they are kept longer only because an order says so, and until when. */
function checkOrder({ until = '', order = '' }: HoldWish, { clock, mayHoldRaw }: HoldTools) {
  if (!mayHoldRaw)
    throw new HoldError(
      'raw records in Kafka cannot be held from here: its time to live is that of the whole topic, and every process refuses to start with a longer one. infra/retention.md says how records are preserved outside of Headcount',
    )
  const end = parseTime(/^\d{4}-\d\d-\d\d$/.test(String(until)) ? `${until}T00:00:00Z` : String(until))
  // What is no time is NaN.
  if (!(end > clock.now()))
    throw new HoldError('raw records are held only until a time that is named: RFC 3339 or a day, still to come')
  return { until: new Date(end).toISOString(), order: checkText('order', order, caseMax) }
}

function checkText(name: string, text: unknown, max: number): string {
  if (typeof text !== 'string' || text.trim() === '' || text.length > max || !isPrintableLine(text))
    throw new HoldError(`\`${name}\` must be 1 to ${max} printable characters on one line`)
  if (isPersonal(confidentialKind(text)))
    throw new HoldError(
      `\`${name}\` looks like something that identifies somebody, and the ledger keeps it for good: name the matter instead`,
    )
  return text.trim()
}
