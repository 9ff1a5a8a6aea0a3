/** The ledger: its chain, the budget, and that partners read only what was theirs, while it was. */
import { compare, formatFraction } from '../../../shared/fraction.ts'
import type { LedgerEntry, Partner } from '../../../shared/ledger/port.ts'
import { get } from '../canary/answers.ts'
import { type Check, fail, named, notApplicable, type Outcome, pass, passUnless } from '../check.ts'
import type { Scene } from '../scene.ts'

const brokenText = 'the chain does not verify (line `ledger`): nothing is concluded from it'

export const ledgerCheck: Check<Scene> = {
  id: 'ledger',
  promise: 'the ledger of budget, releases and disclosures is whole: no entry changed, removed or put in',
  clauses: ['never-disclose', 'disclosure-notice'],
  async look({ chain }): Promise<Outcome> {
    if (chain.problems.length > 0) return fail(named(chain.problems))
    return pass(`${chain.entries} entries, head ${chain.head.seq}:${chain.head.hash}`)
  },
}

interface PublishedHeads {
  readonly current: { readonly seq: number; readonly hash: string }
  readonly days: readonly { readonly day: string; readonly seq: number; readonly hash: string }[]
}

export const ledgerHeadsCheck: Check<Scene> = {
  id: 'ledger-heads',
  promise: 'the heads that are published to everybody are those of this ledger, day by day',
  clauses: ['disclosure-notice', 'never-disclose'],
  async look({ chain, ledger, doors }): Promise<Outcome> {
    const [url] = doors.reporting
    if (url === undefined) return notApplicable('reporting does not run, or it was not said where: --reporting')
    if (chain.problems.length > 0) return notApplicable(brokenText)
    const { status, text } = await get(`${url}/privacy/ledger`)
    if (status !== 200) return fail(`the published heads are answered with ${status}`)
    const { current, days } = JSON.parse(text.slice(text.indexOf('\n') + 1)) as PublishedHeads
    // What was appended since the tables were read is not known here.
    const published = new Map(
      [...days, current].filter(({ seq }) => seq <= chain.head.seq).map((one) => [one.seq, one]),
    )
    const wrong: string[] = []
    for await (const { seq, hash } of ledger.entries()) {
      const told = published.get(seq)
      if (told && told.hash !== hash) wrong.push(`the published hash of entry ${seq} is not the ledger's`)
    }
    return passUnless(wrong, `${days.length} days and the head of now, each with the hash of its entry`)
  },
}

export const budgetCheck: Check<Scene> = {
  id: 'budget',
  promise: 'no day costs more of the privacy budget than the catalogue allows',
  clauses: ['never-disclose', 'share-aggregate'],
  async look({ state, catalogue }): Promise<Outcome> {
    if (!state) return notApplicable(brokenText)
    const { rho } = catalogue.releases
    const days = [...new Set(state.releases().map(({ day }) => day))]
    const wrong = days.filter((day) => compare(state.spent(day), rho) > 0)
    if (wrong.length > 0)
      return fail(
        named(wrong.map((day) => `${day} costs ρ ${formatFraction(state.spent(day))}, of ${formatFraction(rho)}`)),
      )
    return pass(`${days.length} days, none above ρ ${formatFraction(rho)}`)
  },
}

export const disclosuresCheck: Check<Scene> = {
  id: 'disclosures',
  promise: 'partners read only datasets that their key names, and only before its end',
  clauses: ['share-purposes', 'share-aggregate', 'disclosure-notice'],
  async look({ state, ledger, now }): Promise<Outcome> {
    if (!state) return notApplicable(brokenText)
    const partners = new Map(state.partners().map((one) => [one.partner, one]))
    let reads = 0
    const wrong: string[] = []
    for await (const entry of ledger.entries()) {
      if (entry.event.kind !== 'partner.read') continue
      reads++
      const problem = problemOf(entry, partners.get(entry.event.partner))
      if (problem !== undefined) wrong.push(`entry ${entry.seq}: ${problem}`)
    }
    for (const one of partners.values())
      if (one.datasets.length === 0 || one.purpose.trim() === '' || Number.isNaN(Date.parse(one.until)))
        wrong.push(`partner ${one.partner} has no dataset, purpose or end`)
    if (wrong.length > 0) return fail(named(wrong))
    const good = [...partners.values()].filter((one) => !one.revokedAt && Date.parse(one.until) > now).length
    return pass(
      `${partners.size} partners, ${good} with a key that is good now; ${reads} reads, each in scope and in time`,
    )
  },
}

function problemOf({ at, event }: LedgerEntry, partner: Partner | undefined): string | undefined {
  if (event.kind !== 'partner.read') return undefined
  if (!partner) return `a read by ${event.partner}, who is no partner`
  if (Date.parse(at) >= Date.parse(partner.until)) return `a read by ${partner.partner} after the end of its key`
  if (partner.revokedAt && Date.parse(at) > Date.parse(partner.revokedAt))
    return `a read by ${partner.partner} after its key was revoked`
  if (event.dataset !== undefined && !partner.datasets.includes(event.dataset))
    return `a read by ${partner.partner} of ${event.dataset}, which its key does not name`
  return undefined
}
