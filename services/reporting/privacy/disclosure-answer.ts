/** What `/privacy/disclosures` says, for programs and as the source of the page. Never a key, nor its hash. */
import type { Catalogue } from '../../../shared/catalogue.ts'
import type { Contact } from '../../privacy-page/privacy-facts.ts'
import { dayRanges } from './day-ranges.ts'
import type { Disclosures } from './disclosure-reader.ts'
import type { DisclosedDataset, DisclosedPartner } from './fold-disclosures.ts'

/** Stretches of days that are told of one dataset; older ones are only counted. */
const rangesMax = 50
const transfersMax = 100

export interface DisclosureAnswer {
  readonly verified: boolean
  /** What is wrong where the ledger does not verify; then there is nothing else. */
  readonly problem?: string
  readonly ledger?: { readonly seq: number; readonly hash: string }
  readonly personalInformation: PersonalInformation
  readonly partners?: readonly ToldPartner[]
  /** Of all partners; the answer has a page of them. */
  readonly partnersInAll?: number
  /** Give it as `after` for the next page. */
  readonly next?: number
  readonly transfers?: readonly { readonly at: string; readonly to: string }[]
}

/** California Civil Code 1798.83 asks for the categories, and with whom, for direct marketing. */
export interface PersonalInformation {
  readonly categoriesShared: readonly string[]
  readonly sharedWithForDirectMarketing: readonly string[]
  readonly statement: string
  readonly contact: string
}

export interface ToldPartner {
  readonly name: string
  readonly purpose: string
  readonly since: string
  readonly until: string
  readonly revokedAt?: string
  readonly mayRead: readonly string[]
  readonly categories: readonly string[]
  readonly read: readonly ToldDataset[]
}

export interface ToldDataset {
  readonly dataset: string
  readonly title: string
  readonly by: readonly string[]
  readonly first: string
  readonly last: string
  readonly filesRead: number
  readonly descriptionsRead: number
  readonly formats: readonly string[]
  readonly daysRead: number
  /** Newest first. */
  readonly days: readonly (readonly [from: string, to: string])[]
  readonly olderStretches?: number
}

export interface PageRequest {
  /** How many partners to leave out. */
  readonly after: number
  readonly limit: number
}

const aggregateOnly = 'aggregate usage information: noisy counts of many devices, by the properties named'

export function disclosureAnswer(
  disclosures: Disclosures,
  { after, limit }: PageRequest,
  { catalogue, contact }: { catalogue: Catalogue; contact: Contact },
): DisclosureAnswer {
  const personalInformation = personal(contact)
  if (!disclosures.verified)
    return {
      verified: false,
      problem:
        'The ledger does not verify: somebody may have changed it. Nothing of it is shown as true until whoever runs this installation has looked.',
      personalInformation: {
        ...personalInformation,
        statement: 'Nothing can be said now: the ledger does not verify.',
      },
    }
  const { folded, head } = disclosures
  const partners = folded.partners()
  const page = partners.slice(after, after + limit)
  return {
    verified: true,
    ledger: head,
    personalInformation,
    partnersInAll: partners.length,
    partners: page.map((one) => tell(one, catalogue)),
    ...(after + limit < partners.length && { next: after + limit }),
    transfers: folded.transfers.slice(-transfersMax).reverse(),
  }
}

function personal({ address }: Contact): PersonalInformation {
  return {
    categoriesShared: [],
    sharedWithForDirectMarketing: [],
    statement:
      'California Civil Code section 1798.83: no category of personal information was disclosed to any third party for direct marketing purposes, or for any other. Partners got aggregate usage information only.',
    contact: address,
  }
}

function tell(partner: DisclosedPartner, catalogue: Catalogue): ToldPartner {
  const { name, purpose, since, until, revokedAt, scope, datasets } = partner
  return {
    ...{ name, purpose, since, until },
    ...(revokedAt !== undefined && { revokedAt }),
    mayRead: scope,
    categories: datasets.size === 0 ? [] : [aggregateOnly],
    read: [...datasets.values()].map((one) => tellDataset(one, catalogue)),
  }
}

function tellDataset({ dataset, days, formats, ...rest }: DisclosedDataset, catalogue: Catalogue): ToldDataset {
  const declared = catalogue.datasets.find(({ id }) => id === dataset)
  const ranges = dayRanges(days)
  const older = ranges.length - rangesMax
  return {
    dataset,
    title: declared?.title ?? dataset,
    by: declared?.dimensions ?? [],
    ...{ first: rest.firstAt, last: rest.lastAt, filesRead: rest.reads, descriptionsRead: rest.looks },
    formats: [...formats].sort(),
    daysRead: days.size,
    days: ranges.slice(0, rangesMax),
    ...(older > 0 && { olderStretches: older }),
  }
}
