/**
 * Each version of the policy has an entry in the ledger, and so has each minimum. The worker that has the upkeep enters what
 * it was started with: collectors, which tell senders of it, have no ledger.
 */
import type { Ledger, LedgerState, PolicyVersion } from '../../shared/ledger/port.ts'
import type { Policy } from '../../shared/policy/policy.ts'
import { comparePolicyVersions } from '../../shared/policy/policy-version.ts'

type Adopted = Pick<Policy, 'version' | 'sha256' | 'minimum' | 'notice'>

/** Enters the policy unless it is the last one; returns what is wrong if it cannot follow on that one. */
export async function enterPolicy(policy: Adopted, ledger: Ledger): Promise<string | undefined> {
  const last = lastOf(await ledger.state())
  if (last && isSame(policy, last)) return undefined
  return ledger.append((state) => {
    const before = lastOf(state)
    const problem = before && problemAfter(policy, before)
    if (problem !== undefined || (before && isSame(policy, before))) return { events: [], result: problem }
    const { version, sha256, minimum, notice } = policy
    return { events: [{ kind: 'policy.adopted', version, sha256, minimum, notice }], result: undefined }
  })
}

function lastOf(state: LedgerState): PolicyVersion | undefined {
  return state.policies().at(-1)
}

function isSame(a: Adopted, b: Adopted): boolean {
  return a.version === b.version && a.sha256 === b.sha256 && a.minimum === b.minimum
}

function problemAfter({ version, sha256 }: Adopted, last: PolicyVersion): string | undefined {
  const order = comparePolicyVersions(version, last.version)
  if (order < 0)
    return `the policy is version ${version}, and ${last.version} was adopted before; give a text that is to hold again a newer version, and start every process with the same HEADCOUNT_POLICY`
  if (order === 0 && sha256 !== last.sha256)
    return `the text of policy ${version} is not the one that was adopted on ${last.adoptedAt.slice(0, 10)}; give the changed text a newer version`
  return undefined
}
