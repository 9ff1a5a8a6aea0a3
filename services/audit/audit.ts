/**
 * An audit: checks the promises on an installation as it stands, and says for each what was found. It reads the stores
 * itself, so that it need not believe the processes that it audits; infra/audit.md says where it must.
 */
import type { Choices } from '../../shared/choices/port.ts'
import { parseFraction, zero } from '../../shared/fraction.ts'
import { headKey } from '../../shared/ledger/ledger-head.ts'
import { openLedgerReader } from '../../shared/ledger/ledger-reader.ts'
import type { LedgerState } from '../../shared/ledger/port.ts'
import { verifyLedger } from '../../shared/ledger/verify-ledger.ts'
import { lookAtRetention } from '../retention/look-at-retention.ts'
import { runCanaries } from './canary/canary-run.ts'
import { clearUp } from './canary/clear-up.ts'
import { type Check, type CheckResult, fail, messageOf, notApplicable, type Outcome, runCheck } from './check.ts'
import { accessCheck } from './checks/access.ts'
import { canaryChecks } from './checks/canary.ts'
import { fileModesCheck } from './checks/file-modes.ts'
import { keptTimesChecks } from './checks/kept-times.ts'
import { budgetCheck, disclosuresCheck, ledgerCheck, ledgerHeadsCheck } from './checks/ledger.ts'
import { onlyListedCheck } from './checks/only-listed.ts'
import { openStatesCheck, tombstonesCheck } from './checks/open-states.ts'
import { optOutCheck } from './checks/opt-out.ts'
import { policyCheck } from './checks/policy.ts'
import { processesCheck } from './checks/processes.ts'
import { releasesCheck } from './checks/releases.ts'
import { suppressionCheck } from './checks/suppression.ts'
import { tablesCheck } from './checks/tables.ts'
import { transportCheck } from './checks/transport.ts'
import type { Scene } from './scene.ts'

/** In the order of the table. */
const checks: readonly Check<Scene>[] = [
  tablesCheck,
  onlyListedCheck,
  openStatesCheck,
  tombstonesCheck,
  ...canaryChecks,
  optOutCheck,
  ...keptTimesChecks,
  ledgerCheck,
  ledgerHeadsCheck,
  budgetCheck,
  releasesCheck,
  disclosuresCheck,
  policyCheck,
  suppressionCheck,
  accessCheck,
  processesCheck,
  fileModesCheck,
  transportCheck,
]

export type Audited = Pick<
  Scene,
  'config' | 'catalogue' | 'policy' | 'credentials' | 'doors' | 'stores' | 'logFiles'
> & {
  /** `<seq>:<hash>` of the ledger, kept elsewhere. */
  readonly keptHead?: string
}

export interface Audit {
  readonly checks: readonly CheckResult[]
  /** What of the audit stays behind, and until when. */
  readonly remains: readonly string[]
}

/** Sends the canaries, runs every check, one after the other, and clears up. */
export async function audit(audited: Audited, now: number): Promise<Audit> {
  const sent = await sendIn(audited)
  const scene = await setScene({ ...audited, ...sent }, now)
  const results: CheckResult[] = []
  for (const check of checks) results.push(await runCheck(check, scene))
  const { run } = sent
  const [collectorUrl = ''] = audited.doors.collectors
  const { adminToken } = audited.credentials
  const notCleared = (error: unknown) => [`the canaries, which could not be deleted: ${messageOf(error)}`]
  const remains = run ? await clearUp(collectorUrl, adminToken, run.canaries, now).catch(notCleared) : []
  return { checks: results, remains }
}

async function sendIn(audited: Audited): Promise<Pick<Scene, 'run' | 'notRun'>> {
  const { doors, credentials } = audited
  const notSent = (notRun: Outcome) => ({ run: undefined, notRun })
  if (doors.collectors.length === 0) return notSent(notApplicable('no collector runs: nothing was sent'))
  if (credentials.writeKey === '' || credentials.adminToken === '')
    return notSent(notApplicable('nothing was sent: the write key and the admin token are not known here'))
  const failed = (error: unknown) =>
    notSent(fail(`the canaries could not be sent in and followed: ${messageOf(error)}`))
  return runCanaries(audited).then((run) => ({ run, notRun: notApplicable('') }), failed)
}

async function setScene(audited: Audited & Pick<Scene, 'run' | 'notRun'>, now: number): Promise<Scene> {
  const { stores, keptHead } = audited
  const { log, keyValue, dataDir } = stores
  // Before the tables, which may be a copy: a head read later could be newer than they are.
  const head = await keyValue.get(headKey)
  const tables = await stores.tables()
  const ledger = openLedgerReader({ keyValue: { get: async () => head }, warehouse: tables })
  const options = { budgetRho: everyBudget, ...(keptHead !== undefined && { keptHead }) }
  const chain = await verifyLedger(ledger, options)
  const state: LedgerState | undefined = chain.problems.length === 0 ? await ledger.state() : undefined
  const clock = { now: () => now }
  const chosen = await stores.choices().catch(() => undefined)
  const choices = chosen && { choices: { choices: { all: () => chosen } as unknown as Choices } }
  const look = { log, keyValue, warehouse: tables, clock, ...choices, ...(dataDir && { dataDir }) }
  const kept = lookAtRetention(look)
  // Told by the lines that wait for it.
  kept.catch(() => undefined)
  return { ...audited, now, tables, ledger, chain, state, kept }
}

/** Whether a day was overspent is a line of its own. */
const everyBudget = parseFraction('1000000000') ?? zero
