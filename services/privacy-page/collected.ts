/** What is received, what becomes of it, and what is counted: the public part of the catalogue, in words. */
import type { Catalogue, Dimension } from '../../shared/catalogue.ts'
import type { Config } from '../../shared/config.ts'

export interface Collected {
  readonly catalogue: string
  readonly received: readonly { readonly what: string; readonly becomes: string }[]
  readonly features: readonly string[]
  readonly dimensions: readonly { readonly title: string; readonly values: string }[]
  readonly measures: readonly { readonly title: string; readonly range: string }[]
  readonly datasets: readonly {
    readonly id: string
    readonly title: string
    readonly by: readonly string[]
    /** Of which the mean is shown. */
    readonly sizes: readonly string[]
    /** Whether noisy counts of it go to partners. */
    readonly released: boolean
  }[]
}

const valuesShown = 12

export function collectedBy(catalogue: Catalogue, config: Config): Collected {
  const titles = new Map(catalogue.dimensions.map(({ id, title }) => [id, title]))
  const sizeTitles = new Map(catalogue.measures.map(({ id, title }) => [id, title]))
  return {
    catalogue: catalogue.version,
    received: received(catalogue, config),
    features: catalogue.features.map(({ title }) => title),
    dimensions: catalogue.dimensions.map((one) => ({ title: one.title, values: valuesOf(one) })),
    measures: catalogue.measures.map(({ title, unit, min, max }) => ({
      title,
      range: `${min} to ${max.toLocaleString('en')} ${unit}`,
    })),
    datasets: catalogue.datasets.map(({ id, title, dimensions, measures, release }) => ({
      id,
      title,
      by: dimensions.map((one) => titles.get(one) ?? one),
      sizes: measures.map((one) => sizeTitles.get(one) ?? one),
      released: release.length > 0,
    })),
  }
}

function received({ dimensions }: Catalogue, { geoipMmdb, cookie }: Config): Collected['received'] {
  const hasCountry = geoipMmdb !== '' && dimensions.some(({ origin }) => origin === 'address.country')
  return [
    {
      what: 'Internet (IP) address',
      becomes: `${hasCountry ? 'a country, and ' : ''}for senders without an identifier a pseudonym of that day; then it is dropped`,
    },
    {
      what: 'Identifier of a device, or of a cluster',
      becomes: 'pseudonyms under keys of a day, a week and a month, which are destroyed; never stored as it is',
    },
    cookie
      ? {
          what: 'Our cookie, if the browser takes it',
          becomes: 'the same as an identifier of a device; it is a random number',
        }
      : { what: 'Cookies', becomes: 'this installation gives none' },
    {
      what: 'User agent: what the browser says it is',
      becomes: 'family of browser, family of system, kind of device, each from a closed list; then it is dropped',
    },
    { what: 'What was used, and when', becomes: 'a count for that feature and minute, hour, day, week and month' },
    { what: 'Anything else that a sender puts in', becomes: 'nothing: it is dropped at the door' },
  ]
}

function valuesOf({ domain, origin }: Dimension): string {
  if (origin === 'feature') return 'one of the features'
  if (origin === 'address.country') return 'a country code'
  switch (domain.kind) {
    case 'rule':
      return `one form only, \`${ruleOf(domain.pattern)}\`, and at most ${domain.cap} different ones`
    case 'buckets':
      return domain.labels.join(', ')
    case 'values': {
      const all = [...domain.values]
      const more = all.length - valuesShown
      return more > 0 ? `${all.slice(0, valuesShown).join(', ')} and ${more} more` : all.join(', ')
    }
  }
}

/** As the catalogue has it, without what is put around it. */
function ruleOf({ source }: RegExp): string {
  return /^\^\(\?=[^)]*\)\(\?:(.*)\)\$$/.exec(source)?.[1] ?? source
}
