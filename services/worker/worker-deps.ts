/** What a worker is given. */
import type { Catalogue } from '../../shared/catalogue.ts'
import type { ChoiceBook } from '../../shared/choices/choice-book.ts'
import type { Clock } from '../../shared/clock.ts'
import type { EventLog } from '../../shared/eventlog/port.ts'
import type { KeyValue } from '../../shared/keyvalue/port.ts'
import type { Lease } from '../../shared/lease.ts'
import type { Ledger } from '../../shared/ledger/port.ts'
import type { Logger } from '../../shared/logger.ts'
import type { Metrics } from '../../shared/metrics.ts'
import type { Policy } from '../../shared/policy/policy.ts'
import type { Warehouse } from '../../shared/warehouse/port.ts'
import type { KeptNow } from '../retention/kept-now.ts'
import type { Locate } from './locate.ts'
import type { Sealer } from './seal/sealer.ts'
import type { Timing } from './timing.ts'

export interface WorkerDeps {
  readonly log: EventLog
  readonly keyValue: KeyValue
  readonly warehouse: Warehouse
  readonly catalogue: Catalogue
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: Metrics
  readonly locate: Locate
  readonly lingerMs: number
  /** Folder for scratch files that are rebuilt at start. */
  readonly scratchDir: string
  /** Called once when a partition can no longer be consumed: the process must end and start anew. */
  readonly onFatal: (error: unknown) => void
  /** Who of several workers closes epochs and applies retention. Without: this one, being the only one. */
  readonly upkeepLease?: Lease
  /** Makes the releases of days before they close. Without: nothing is released. */
  readonly sealer?: Sealer
  /** Whose records are left out. Without: nobody's. */
  readonly choices?: ChoiceBook
  /** Has an entry for each deletion and each version of the policy. */
  readonly ledger?: Ledger
  /** Which is told to senders. Without: none is entered in the ledger. */
  readonly policy?: Policy
  /** What is kept, for metrics. Without: it is not measured. */
  readonly lookAtRetention?: () => Promise<readonly KeptNow[]>
  /** Without: real time. */
  readonly timing?: Timing
  /** Most live event ids held in memory, per partition. */
  readonly memoryIdsMax?: number
  /** Units whose keyed hashes are kept from one batch to the next, per partition. */
  readonly cachedUnitsMax?: number
}
