/**
 * The catalogue: what may be collected, as checked data that everything else derives from. Reading and checking the
 * file is catalogue-file.ts; this is what the rest of the system sees.
 */
import type { ConfidentialKind } from './confidential/kind.ts'
import { verdictOn } from './confidential/verdict.ts'
import { noValue, otherValue } from './event.ts'
import { type Fraction, formatFraction } from './fraction.ts'
import type { Grain } from './window.ts'

export interface Feature {
  readonly id: string
  readonly title: string
  /** Path prefixes (of a page or a log line) that mean this feature. */
  readonly paths: readonly string[]
  /** Other event names that senders use for it. */
  readonly events: readonly string[]
  /** Who is counted once: whoever sends, or the cluster that the report is about. */
  readonly unit: 'sender' | 'cluster'
  /** Besides the event id: events of the same values of these fields in the same slot are one event. */
  readonly naturalKey: { readonly fields: readonly string[]; readonly slotMs: number } | undefined
}

/** Where a dimension's value comes from. */
export const dimensionOrigins = [
  'feature',
  'event',
  'address.country',
  'client.browser',
  'client.os',
  'client.device_type',
] as const
export type DimensionOrigin = (typeof dimensionOrigins)[number]

/** Which values a dimension may have: a closed list, buckets of a number, a rule with a cap, or a list of the origin's own. */
export type DimensionDomain =
  | { readonly kind: 'values'; readonly values: ReadonlySet<string> }
  | { readonly kind: 'buckets'; readonly bounds: readonly number[]; readonly labels: readonly string[] }
  | { readonly kind: 'rule'; readonly pattern: RegExp; readonly cap: number }

export interface Dimension {
  readonly id: string
  readonly title: string
  readonly origin: DimensionOrigin
  /** For origin `event`: the event's field. */
  readonly field: string
  readonly domain: DimensionDomain
  /** Kinds of confidential values that whoever reviewed the catalogue lets through here, as they are none. */
  readonly mayLookLike: ReadonlySet<ConfidentialKind>
}

export interface Measure {
  readonly id: string
  readonly title: string
  readonly unit: string
  /** Values are clamped into [min, max]; integers after rounding. */
  readonly min: number
  readonly max: number
}

export interface Dataset {
  readonly id: string
  readonly title: string
  readonly dimensions: readonly string[]
  readonly measures: readonly string[]
  /** Only events whose dimension has one of these values, for every dimension named. */
  readonly when: ReadonlyMap<string, ReadonlySet<string>>
  readonly grains: readonly Grain[]
  /** Sets of dimensions for which devices are counted after close: none, each, all, and those declared. Sorted as declared. */
  readonly bySets: readonly (readonly string[])[]
  readonly audience: 'analysts' | 'partners'
  /** What partners get of it; empty: nothing is released. Each level is measured and paid for by itself. */
  readonly release: readonly ReleaseLevel[]
}

/** Cells over some of a dataset's dimensions in a release, and how much of one unit counts in them. */
export interface ReleaseLevel {
  /** `leaf`, `parent`, `total` or another name: the value of the column `level`. */
  readonly level: string
  /** In the dataset's order. */
  readonly by: readonly string[]
  /** Most cells of this level that one unit counts in. */
  readonly cellsMax: number
  /** Most events of one unit in one cell. */
  readonly eventsMax: number
  /** Most that one unit adds to one cell's sum of a measure, by measure; the measures that are released. */
  readonly measuresMax: ReadonlyMap<string, number>
  /** Part of the dataset's privacy budget. */
  readonly share: Fraction
}

/** What holds for all releases of a day together. */
export interface ReleaseRules {
  /** ρ (zCDP) of one day: all datasets and all partners together. */
  readonly rho: Fraction
  /** δ that the threshold of each level costs. */
  readonly deltaThreshold: Fraction
  /** A cell of fewer units is never published. */
  readonly k: number
  /** A day's release is published so long after its end, whatever its data: when it appears tells nothing. */
  readonly publishAfterHours: number
}

export interface Catalogue {
  readonly version: string
  readonly title: string
  readonly k: number
  readonly releases: ReleaseRules
  readonly features: readonly Feature[]
  readonly dimensions: readonly Dimension[]
  readonly measures: readonly Measure[]
  readonly datasets: readonly Dataset[]
  /** Event fields that the collector keeps: those of dimensions, measures and natural keys. */
  readonly fields: ReadonlyMap<string, 'text' | 'number'>
}

/** The feature of that id or other name, if it is declared. */
export function findFeature(catalogue: Catalogue, name: string): Feature | undefined {
  return featuresByName(catalogue).get(name)
}

/**
 * The feature whose path prefix is the longest that fits. `/blog` fits `/blog` and `/blog/x?y`, not `/blogs`; a prefix
 * that ends in `/`, `-` or the like fits whatever follows. Query and fragment are not looked at.
 */
export function findFeatureOfPath(catalogue: Catalogue, path: string): Feature | undefined {
  const end = path.search(/[?#]/)
  const bare = end < 0 ? path : path.slice(0, end)
  return prefixes(catalogue).find(
    ({ prefix }) =>
      bare.startsWith(prefix) && (bare.length === prefix.length || bare[prefix.length] === '/' || !/\w$/.test(prefix)),
  )?.feature
}

/** The dataset of that id, if it is declared. */
export function findDataset(catalogue: Catalogue, id: string): Dataset | undefined {
  return catalogue.datasets.find((dataset) => dataset.id === id)
}

/** The datasets that are released to partners; they share the day's budget equally. */
export function releasedDatasets(catalogue: Catalogue): Dataset[] {
  return catalogue.datasets.filter(({ release }) => release.length > 0)
}

/** Whether devices are counted for that set of dimensions (in any order) after its windows have closed. */
export function isDeclaredBySet(dataset: Dataset, dimensions: readonly string[]): boolean {
  const wanted = bySetKey(dataset, dimensions)
  return dataset.bySets.some((set) => bySetKey(dataset, set) === wanted)
}

/** A set of a dataset's dimensions as the text stored in the column `by`: in the dataset's order, comma-separated. */
export function bySetKey(dataset: Dataset, dimensions: readonly string[]): string {
  return dataset.dimensions.filter((id) => dimensions.includes(id)).join(',')
}

/**
 * A raw value as the dimension's declared value: itself, its bucket, `(other)` or `(none)`. Rules are checked here,
 * their cap is kept by the worker (services/worker/known-values.ts). What a rule lets through and looks confidential is
 * `(other)` as well; closed lists were looked at when the catalogue was read.
 */
export function foldValue(dimension: Dimension, raw: string | number | undefined): string {
  if (raw === undefined || raw === '' || raw === noValue) return noValue
  const domain = dimension.domain
  switch (domain.kind) {
    case 'values':
      return domain.values.has(String(raw)) ? String(raw) : otherValue
    case 'rule':
      return domain.pattern.test(String(raw)) && !confidentialValue(dimension, raw) ? String(raw) : otherValue
    case 'buckets': {
      const value = Number(raw)
      if (!Number.isFinite(value)) return otherValue
      const above = domain.bounds.findIndex((bound) => value < bound)
      return domain.labels[above < 0 ? domain.bounds.length : above] ?? otherValue
    }
  }
}

/** What a raw value of the dimension looks like that is not to be kept; undefined when there is nothing to object to. */
export function confidentialValue(dimension: Dimension, raw: string | number): ConfidentialKind | undefined {
  const kind = verdictOn(String(raw))
  return kind !== undefined && dimension.mayLookLike.has(kind) ? undefined : kind
}

/** What GET /v1/catalogue says: everything that is collected, in public words. */
export function publicCatalogue(catalogue: Catalogue): Record<string, unknown> {
  return {
    version: catalogue.version,
    title: catalogue.title,
    features: catalogue.features.map(({ id, title }) => ({ id, title })),
    dimensions: catalogue.dimensions.map(({ id, title, origin, domain, mayLookLike }) => ({
      id,
      title,
      from: origin,
      ...describe(domain),
      ...(mayLookLike.size > 0 && { mayLookLike: [...mayLookLike] }),
    })),
    measures: catalogue.measures.map(({ id, title, unit, min, max }) => ({ id, title, unit, min, max })),
    datasets: catalogue.datasets.map(({ id, title, dimensions, measures, grains, audience, bySets, release }) => ({
      id,
      title,
      dimensions,
      measures,
      grains,
      audience,
      by: bySets,
      ...(release.length > 0 && { release: release.map(describeLevel) }),
    })),
    releases: {
      rho: formatFraction(catalogue.releases.rho),
      deltaThreshold: formatFraction(catalogue.releases.deltaThreshold),
      k: catalogue.releases.k,
      publishAfterHours: catalogue.releases.publishAfterHours,
    },
  }
}

/** A level as the catalogue file has it. */
export function describeLevel({ level, by, cellsMax, eventsMax, measuresMax, share }: ReleaseLevel) {
  const measures = Object.fromEntries(measuresMax)
  return {
    level,
    by,
    cells: cellsMax,
    events: eventsMax,
    ...(measuresMax.size > 0 && { measures }),
    share: formatFraction(share),
  }
}

function describe(domain: DimensionDomain): Record<string, unknown> {
  switch (domain.kind) {
    case 'values':
      return { values: [...domain.values] }
    case 'rule':
      return { rule: domain.pattern.source, cap: domain.cap }
    case 'buckets':
      return { values: domain.labels }
  }
}

const names = new WeakMap<Catalogue, Map<string, Feature>>()
function featuresByName(catalogue: Catalogue): Map<string, Feature> {
  let found = names.get(catalogue)
  if (!found) {
    found = new Map()
    for (const feature of catalogue.features) for (const name of feature.events) found.set(name, feature)
    for (const feature of catalogue.features) found.set(feature.id, feature)
    names.set(catalogue, found)
  }
  return found
}

const sortedPrefixes = new WeakMap<Catalogue, { prefix: string; feature: Feature }[]>()
function prefixes(catalogue: Catalogue): { prefix: string; feature: Feature }[] {
  let found = sortedPrefixes.get(catalogue)
  if (!found) {
    found = catalogue.features.flatMap((feature) => feature.paths.map((prefix) => ({ prefix, feature })))
    found.sort((a, b) => b.prefix.length - a.prefix.length)
    sortedPrefixes.set(catalogue, found)
  }
  return found
}
