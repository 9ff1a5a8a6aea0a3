/**
 * An audit: checks the promises on an installation as it stands, and says for each what was found. It reads the stores
 * itself, so that it need not believe the processes that it audits; infra/audit.md says where it must.
 */
import { parseFraction, zero } from '../../shared/fraction.ts'
import { headKey } from '../../shared/ledger/ledger-head.ts'
import { openLedgerReader } from '../../shared/ledger/ledger-reader.ts'
import type { LedgerState } from '../../shared/ledger/port.ts'
import { verifyLedger } from '../../shared/ledger/verify-ledger.ts'
import { lookAtRetention } from '../retention/look-at-retention.ts'
import { type Check, type CheckResult, runCheck } from './check.ts'
import { keptTimesChecks } from './checks/kept-times.ts'
import { budgetCheck, disclosuresCheck, ledgerCheck } from './checks/ledger.ts'
import { openStatesCheck, tombstonesCheck } from './checks/open-states.ts'
import { tablesCheck } from './checks/tables.ts'
import type { Scene } from './scene.ts'

/** In the order of the table. */
const checks: readonly Check<Scene>[] = [
  tablesCheck,
  openStatesCheck,
  tombstonesCheck,
  ...keptTimesChecks,
  ledgerCheck,
  budgetCheck,
  disclosuresCheck,
]

export type Audited = Pick<Scene, 'config' | 'catalogue' | 'policy' | 'credentials' | 'doors' | 'stores'> & {
  /** `<seq>:<hash>` of the ledger, kept elsewhere. */
  readonly keptHead?: string
}

/** Runs every check, one after the other. */
export async function audit(audited: Audited, now: number): Promise<readonly CheckResult[]> {
  const scene = await setScene(audited, now)
  const results: CheckResult[] = []
  for (const check of checks) results.push(await runCheck(check, scene))
  return results
}

async function setScene({ keptHead, ...audited }: Audited, now: number): Promise<Scene> {
  const { stores } = audited
  const { log, keyValue, dataDir } = stores
  // Before the tables, which may be a copy: a head read later could be newer than they are.
  const head = await keyValue.get(headKey)
  const tables = await stores.tables()
  const ledger = openLedgerReader({ keyValue: { get: async () => head }, warehouse: tables })
  const options = { budgetRho: everyBudget, ...(keptHead !== undefined && { keptHead }) }
  const chain = await verifyLedger(ledger, options)
  const state: LedgerState | undefined = chain.problems.length === 0 ? await ledger.state() : undefined
  const clock = { now: () => now }
  const kept = await lookAtRetention({ log, keyValue, warehouse: tables, clock, ...(dataDir && { dataDir }) })
  return { ...audited, now, tables, ledger, chain, state, kept }
}

/** Whether a day was overspent is a line of its own. */
const everyBudget = parseFraction('1000000000') ?? zero
