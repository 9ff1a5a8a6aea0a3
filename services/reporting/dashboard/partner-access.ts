/** Who reads releases: to admins each partner and when it last did, by the ledger; to analysts how many there are. */
import { ProblemError, problem } from '../../../shared/http/problem.ts'
import type { Ledger, Partner } from '../../../shared/ledger/port.ts'
import { parseTime } from '../../../shared/rfc3339.ts'
import type { DisclosureReader } from '../privacy/disclosure-reader.ts'
import type { PartnerAccess, PartnerState } from './page-answers.ts'
import type { Role } from './sessions.ts'

/** @throws ProblemError 503 when the ledger does not verify */
export async function partnerAccess(
  { ledger, disclosures }: { ledger: Ledger; disclosures: DisclosureReader },
  role: Role,
  now: number,
): Promise<PartnerAccess> {
  const partners = (await ledger.state()).partners()
  const counts = { active: 0, expired: 0, revoked: 0 }
  for (const partner of partners) counts[stateOf(partner, now)]++
  if (role !== 'admin') return { counts }
  const disclosed = await disclosures.read()
  if (!disclosed.verified) throw notVerified()
  // Both are in the order in which partners were added.
  const read = disclosed.folded.partners()
  return {
    counts,
    partners: partners.map((one, at) => {
      const datasets = [...(read[at]?.datasets.values() ?? [])]
      const { partner, name, purpose, until } = one
      return {
        ...{ partner, name, purpose, until, datasets: one.datasets },
        state: stateOf(one, now),
        reads: datasets.reduce((sum, { reads }) => sum + reads, 0),
        lastRead: datasets.map(({ lastAt }) => lastAt).reduce<string | null>((a, b) => (a && a > b ? a : b), null),
      }
    }),
  }
}

function stateOf({ revokedAt, until }: Partner, now: number): PartnerState {
  if (revokedAt !== undefined) return 'revoked'
  return now < parseTime(until) ? 'active' : 'expired'
}

function notVerified(): ProblemError {
  return new ProblemError(
    problem(
      503,
      'ledger-not-verified',
      'The ledger does not verify',
      'Somebody may have changed it, so nothing of it is told. `npm run headcount -- ledger verify` says where.',
    ),
  )
}
