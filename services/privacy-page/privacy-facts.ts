/**
 * Everything the page at `/privacy` says that is the same for everybody: from the running catalogue, policy and settings.
 * The page prints it, `/privacy.json` is it.
 */
import type { Catalogue } from '../../shared/catalogue.ts'
import type { Config } from '../../shared/config.ts'
import { type Clause, clauses } from '../../shared/policy/clauses.ts'
import type { Policy } from '../../shared/policy/policy.ts'
import { settingsOfClause } from './clause-settings.ts'
import { type Collected, collectedBy } from './collected.ts'
import { type Kept, keptTable } from './kept.ts'
import { type ShownSetting, shownSettings } from './shown-settings.ts'

export interface PrivacyFacts {
  readonly title: string
  /** Who runs the installation; empty: not given. */
  readonly operator: string
  readonly contact: Contact
  readonly policy: Omit<Policy, 'source' | 'text'> & { readonly text: string }
  readonly collected: Collected
  readonly kept: readonly Kept[]
  readonly settings: readonly ShownSetting[]
  /** `here`: what the running settings make of it. */
  readonly clauses: readonly (Clause & { readonly here?: string })[]
}

export interface Contact {
  /** An email address, a web address, or words. */
  readonly address: string
  /** Whether the operator gave it; else it is the one in the policy. */
  readonly isOperators: boolean
}

export interface FactsDeps {
  readonly config: Config
  readonly catalogue: Catalogue
  readonly policy: Policy
}

export function privacyFacts(deps: FactsDeps): PrivacyFacts {
  const { config, catalogue, policy } = deps
  const { source: _, text: __, ...told } = policy
  return {
    title: catalogue.title,
    operator: config.operator,
    contact: contactOf(config.contact, policy),
    policy: { ...told, text: '/privacy/policy' },
    collected: collectedBy(catalogue, config),
    kept: keptTable(config),
    settings: shownSettings(deps),
    clauses: clauses.map((clause) => {
      const here = settingsOfClause(clause.id, deps)
      return here === undefined ? clause : { ...clause, here }
    }),
  }
}

/** @param given by the operator; empty: the address in the policy */
export function contactOf(given: string, policy: Policy): Contact {
  if (given !== '') return { address: given, isOperators: true }
  return { address: /[\w.+-]+@[\w-]+(\.[\w-]+)+/.exec(policy.text)?.[0] ?? '', isOperators: false }
}
