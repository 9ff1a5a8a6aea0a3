/** What an installation has of a kind of data at this moment. */
import type { ChoiceLog } from '../../shared/choices/port.ts'
import type { Clock } from '../../shared/clock.ts'
import type { EventLog } from '../../shared/eventlog/port.ts'
import type { KeyValue } from '../../shared/keyvalue/port.ts'
import type { Ledger } from '../../shared/ledger/port.ts'
import { removalMs } from '../../shared/retention/limits.ts'
import type { WarehouseReader } from '../../shared/warehouse/port.ts'

export interface KeptNow {
  /** Id of the kind, as in shared/retention/table.ts. */
  readonly kind: string
  /** Records, keys, entries, cells, files. */
  readonly items?: number
  readonly bytes?: number
  /** When the oldest was made, or its window or epoch ended; ms since the Unix epoch. */
  readonly oldestAt?: number
  /** When the first of them goes at the latest; undefined: no time ends it, or nothing is there. */
  readonly goesAt?: number
  /** The cases of legal holds that keep it beyond that time; absent: none. */
  readonly heldBy?: readonly string[]
}

export interface LookTools {
  readonly log: EventLog
  readonly keyValue: KeyValue
  readonly warehouse: Pick<WarehouseReader, 'select'>
  /** Without: choices are not looked at. */
  readonly choices?: Pick<ChoiceLog, 'choices'>
  /** Without: nothing is held. */
  readonly ledger?: Pick<Ledger, 'state'>
  readonly clock: Clock
  /** Whose scratch and spool are looked at. Without: none. */
  readonly dataDir?: string
}

/**
 * Whether something is there past its time. What removes it looks now and then, and a file holds an hour, so two hours are
 * granted (in the promise as well). What a legal hold keeps is not past its time.
 */
export function overdueMs({ goesAt, heldBy }: KeptNow, now: number): number {
  return goesAt === undefined || heldBy !== undefined ? 0 : Math.max(0, now - (goesAt + removalMs))
}

export function oldestOf(times: readonly number[]): number | undefined {
  return times.length === 0 ? undefined : times.reduce((a, b) => Math.min(a, b))
}

/** `oldestAt` and `goesAt`, where there is an oldest one. */
export function until(oldestAt: number | undefined, keptMs: number): Pick<KeptNow, 'oldestAt' | 'goesAt'> {
  return oldestAt === undefined ? {} : { oldestAt, goesAt: oldestAt + keptMs }
}
