/** What every check of an audit is given. */
import type { Catalogue } from '../../shared/catalogue.ts'
import type { Config } from '../../shared/config.ts'
import type { Credentials } from '../../shared/credentials.ts'
import type { Ledger, LedgerState } from '../../shared/ledger/port.ts'
import type { LedgerVerdict } from '../../shared/ledger/verify-ledger.ts'
import type { Policy } from '../../shared/policy/policy.ts'
import type { WarehouseReader } from '../../shared/warehouse/port.ts'
import type { KeptNow } from '../retention/kept-now.ts'
import type { CanaryRun } from './canary/canary-run.ts'
import type { Outcome } from './check.ts'
import type { Stores } from './stores/stores.ts'

/** Where processes answer, without a slash at the end; none: nothing runs, or it was not said where. */
export interface Doors {
  readonly collectors: readonly string[]
  readonly workers: readonly string[]
  readonly reporting: readonly string[]
}

export interface Scene {
  readonly config: Config
  readonly catalogue: Catalogue
  readonly policy: Policy
  /** '' for what is not known. */
  readonly credentials: Credentials
  readonly doors: Doors
  /** When the audit began; ms since the Unix epoch. */
  readonly now: number
  readonly stores: Stores
  readonly tables: Pick<WarehouseReader, 'select'>
  readonly ledger: Pick<Ledger, 'entries'>
  /** The chain as it was walked. */
  readonly chain: LedgerVerdict
  /** Undefined when the chain is broken: nothing is read out of it then. */
  readonly state: LedgerState | undefined
  /** What was sent in and what became of it; undefined: nothing was. */
  readonly run: CanaryRun | undefined
  /** What a line says that needs it, where nothing was sent. */
  readonly notRun: Outcome
  /** Files that log lines go to. */
  readonly logFiles: readonly string[]
  /** As `headcount retention` looks; read by the audit itself. Rejects when it cannot be looked at. */
  readonly kept: Promise<readonly KeptNow[]>
}
