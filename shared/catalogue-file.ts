/**
 * Reads and checks a catalogue file. Every mistake is reported with file, line and what would be right; all of them at
 * once, so that a file is mended in one go.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { isNode, LineCounter, parseDocument } from 'yaml'
import {
  type Catalogue,
  type Dataset,
  type Dimension,
  type DimensionDomain,
  type DimensionOrigin,
  dimensionOrigins,
  type Feature,
  type Measure,
} from './catalogue.ts'
import { CatalogueError, Field, Mistakes } from './catalogue-field.ts'
import { checkNoise, readRelease, readReleaseRules } from './catalogue-release.ts'
import { browsers, deviceTypes, systems } from './client-values.ts'
import { confidentialKind } from './confidential/detector.ts'
import { type ConfidentialKind, confidentialKinds } from './confidential/kind.ts'
import { otherValue } from './event.ts'
import { type Grain, grains, minuteMs } from './window.ts'

const defaultFile = fileURLToPath(new URL('./catalogue.yaml', import.meta.url))
const limits = { features: 2000, dimensions: 40, measures: 40, datasets: 40, values: 5000, cap: 10_000 }
/** Event fields that mean something else already. */
const reservedFields = new Set(['id', 'time', 'device', 'cookie', 'cluster'])
const deviceFields = new Set(['device', 'cookie', 'cluster', 'id'])

/** Reads the catalogue at `file`, or the one for DC/OS when `file` is empty. @throws CatalogueError */
export function readCatalogue(file: string): Catalogue {
  const from = file === '' ? defaultFile : file
  let source: string
  try {
    source = readFileSync(from, 'utf8')
  } catch (error) {
    throw new CatalogueError(
      `${from}: cannot be read (${(error as Error).message}); set HEADCOUNT_CATALOGUE to a YAML file`,
    )
  }
  return parseCatalogue(source, from)
}

/** Parses catalogue text; `name` stands for the file in error messages. @throws CatalogueError */
export function parseCatalogue(source: string, name: string): Catalogue {
  const lines = new LineCounter()
  const document = parseDocument(source, { lineCounter: lines, uniqueKeys: true })
  const mistakes = new Mistakes(name, (path) => {
    for (let depth = path.length; depth >= 0; depth--) {
      const node = document.getIn(path.slice(0, depth), true)
      if (isNode(node) && node.range) return lines.linePos(node.range[0]).line
    }
    return 1
  })
  for (const error of document.errors)
    mistakes.atLine(error.linePos?.[0]?.line ?? 1, (error.message.split('\n')[0] ?? '').replace(/ at line .*$|:$/, ''))
  mistakes.stopIfAny()
  const catalogue = readTop(new Field(document.toJS(), [], mistakes))
  mistakes.stopIfAny()
  return catalogue
}

function readTop(top: Field): Catalogue {
  top.onlyKeys(['version', 'title', 'k', 'releases', 'features', 'dimensions', 'measures', 'datasets'])
  const features = top.list('features', limits.features).map(readFeature)
  const dimensions = top.list('dimensions', limits.dimensions).map((field) => readDimension(field, features))
  const measures = top.list('measures', limits.measures, true).map(readMeasure)
  const dimensionIds = new Set(dimensions.map(({ id }) => id))
  const measureIds = new Set(measures.map(({ id }) => id))
  top.distinct(
    'features',
    features.map(({ id, events }) => [id, ...events]),
  )
  top.distinct(
    'features',
    features.map(({ paths }) => paths),
  )
  top.distinct(
    'dimensions',
    dimensions.map(({ id }) => [id]),
  )
  // Both become columns of the same answers.
  top.distinct(
    'measures',
    measures.map(({ id }) => [id]),
    dimensionIds,
  )
  const releases = readReleaseRules(top)
  const datasetFields = top.list('datasets', limits.datasets)
  const datasets = datasetFields.map((field) => readDataset(field, dimensions, measureIds))
  checkNoise(datasets, releases, datasetFields)
  top.distinct(
    'datasets',
    datasets.map(({ id }) => [id]),
  )
  return {
    version: top.text('version'),
    title: top.text('title', ''),
    k: top.integer('k', 1, 1_000_000, 10),
    releases,
    features,
    dimensions,
    measures,
    datasets,
    fields: eventFields(features, dimensions, measures),
  }
}

function eventFields(
  features: Feature[],
  dimensions: Dimension[],
  measures: Measure[],
): Map<string, 'text' | 'number'> {
  const fields = new Map<string, 'text' | 'number'>()
  for (const feature of features) {
    for (const field of feature.naturalKey?.fields ?? []) if (!deviceFields.has(field)) fields.set(field, 'text')
  }
  for (const dimension of dimensions) {
    if (dimension.origin !== 'event') continue
    fields.set(dimension.field, dimension.domain.kind === 'buckets' ? 'number' : 'text')
  }
  for (const { id } of measures) fields.set(id, 'number')
  return fields
}

function readFeature(field: Field): Feature {
  field.onlyKeys(['id', 'title', 'paths', 'events', 'unit', 'naturalKey'])
  const unit = field.oneOf('unit', ['sender', 'cluster'] as const, 'sender')
  const key = field.optional('naturalKey')
  key?.onlyKeys(['fields', 'slotMinutes'])
  const naturalKey = key && { fields: key.texts('fields'), slotMs: key.integer('slotMinutes', 1, 1440) * minuteMs }
  if (naturalKey && unit === 'sender' && naturalKey.fields.includes('cluster')) {
    field.mistake('unit', 'a natural key over `cluster` needs `unit: cluster`, else each sender is counted by itself')
  }
  const paths = field.texts('paths', [])
  const id = field.featureId()
  noteConfidential(field, 'id', id, new Set())
  if (paths.some((path) => !path.startsWith('/'))) field.mistake('paths', 'each path prefix must start with /')
  return {
    id,
    title: field.text('title'),
    paths,
    events: field.texts('events', []),
    unit,
    naturalKey,
  }
}

function readDimension(field: Field, features: readonly Feature[]): Dimension {
  field.onlyKeys(['id', 'title', 'from', 'field', 'values', 'buckets', 'rule', 'cap', 'mayLookLike'])
  const id = field.columnId()
  const origin = field.oneOf('from', dimensionOrigins)
  const eventField = field.text('field', id)
  if (origin === 'event' && reservedFields.has(eventField))
    field.mistake('field', `\`${eventField}\` identifies a sender and can be no dimension`)
  const domain = readDomain(field, origin, features)
  const mayLookLike = readMayLookLike(field)
  if (domain.kind === 'values' && field.has('values'))
    for (const value of domain.values) noteConfidential(field, 'values', value, mayLookLike)
  return { id, title: field.text('title'), origin, field: eventField, domain, mayLookLike }
}

function readMayLookLike(field: Field): Set<ConfidentialKind> {
  const kinds = field.texts('mayLookLike', [])
  const known = Object.keys(confidentialKinds)
  for (const kind of kinds)
    if (!known.includes(kind)) field.mistake('mayLookLike', `\`mayLookLike\` may have ${known.join(', ')}`)
  if (kinds.length > 0 && !field.has('values') && !field.has('rule'))
    field.mistake('mayLookLike', '`mayLookLike` is for dimensions with `values` or a `rule`')
  return new Set(kinds as ConfidentialKind[])
}

/** A declared value that looks confidential is a mistake; the message says where it is and not what it is. */
function noteConfidential(field: Field, key: string, value: string, except: ReadonlySet<ConfidentialKind>): void {
  const kind = confidentialKind(value)
  if (kind === undefined || except.has(kind)) return
  const mend = key === 'values' ? `take it out, or if it is none write \`mayLookLike: [${kind}]\`` : 'choose another'
  field.mistake(key, `one of \`${key}\` looks like ${confidentialKinds[kind]}: ${mend}`)
}

function readDomain(field: Field, origin: DimensionOrigin, features: readonly Feature[]): DimensionDomain {
  const ways = ['values', 'buckets', 'rule'].filter((key) => field.has(key))
  const own = ownValues(origin, features)
  if (own) {
    if (ways.length > 0) field.mistake(ways[0] ?? '', `from: ${origin} brings its own values; leave out \`${ways[0]}\``)
    return own
  }
  if (ways.length !== 1) {
    field.mistake(
      'from',
      'an event field needs one of `values` (a closed list), `buckets` (bounds) or `rule` with `cap`',
    )
    return { kind: 'values', values: new Set() }
  }
  if (field.has('values')) return { kind: 'values', values: new Set(field.texts('values', undefined, limits.values)) }
  if (field.has('buckets')) return readBuckets(field)
  const cap = field.integer('cap', 1, limits.cap)
  return { kind: 'rule', pattern: field.pattern('rule'), cap }
}

function ownValues(origin: DimensionOrigin, features: readonly Feature[]): DimensionDomain | undefined {
  switch (origin) {
    case 'feature':
      return { kind: 'values', values: new Set(features.map(({ id }) => id)) }
    case 'client.browser':
      return { kind: 'values', values: new Set(browsers) }
    case 'client.os':
      return { kind: 'values', values: new Set(systems) }
    case 'client.device_type':
      return { kind: 'values', values: new Set(deviceTypes) }
    case 'address.country':
      return { kind: 'rule', pattern: /^[A-Z]{2}$/, cap: 300 }
    case 'event':
      return undefined
  }
}

function readBuckets(field: Field): DimensionDomain {
  const bounds = field.numbers('buckets')
  if (bounds.some((bound, index) => index > 0 && bound <= (bounds[index - 1] ?? 0)))
    field.mistake('buckets', 'bounds must grow')
  const between = bounds.slice(1).map((bound, index) => rangeLabel(bounds[index] ?? 0, bound))
  const labels = [`under ${bounds[0]}`, ...between, `${bounds.at(-1)} or more`]
  return { kind: 'buckets', bounds, labels }
}

function rangeLabel(from: number, before: number): string {
  const integers = Number.isInteger(from) && Number.isInteger(before)
  if (!integers) return `${from} to under ${before}`
  return before - from === 1 ? `${from}` : `${from}–${before - 1}`
}

function readMeasure(field: Field): Measure {
  field.onlyKeys(['id', 'title', 'unit', 'min', 'max'])
  const min = field.integer('min', -1e15, 1e15)
  const max = field.integer('max', -1e15, 1e15)
  if (min >= max) field.mistake('max', '`max` must be above `min`')
  return { id: field.columnId(), title: field.text('title'), unit: field.text('unit'), min, max }
}

function readDataset(field: Field, all: readonly Dimension[], measureIds: ReadonlySet<string>): Dataset {
  field.onlyKeys(['id', 'title', 'dimensions', 'measures', 'when', 'grains', 'by', 'audience', 'release'])
  const known = new Map(all.map((dimension) => [dimension.id, dimension]))
  const dimensions = field.texts('dimensions')
  for (const id of dimensions) if (!known.has(id)) field.mistake('dimensions', `\`${id}\` is not a declared dimension`)
  if (dimensions.length > 8) field.mistake('dimensions', 'a dataset has at most 8 dimensions')
  const measures = field.texts('measures', [])
  for (const id of measures) if (!measureIds.has(id)) field.mistake('measures', `\`${id}\` is not a declared measure`)
  const declared = field.textLists('by')
  for (const id of declared.flat())
    if (!dimensions.includes(id)) field.mistake('by', `\`${id}\` is not a dimension of this dataset`)
  return {
    id: field.columnId(),
    title: field.text('title'),
    dimensions,
    measures,
    when: readWhen(field, known),
    grains: field.texts('grains', [...grains]).map((grain) => {
      if (!grains.includes(grain as Grain)) field.mistake('grains', `\`${grain}\` is not one of ${grains.join(', ')}`)
      return grain as Grain
    }),
    bySets: distinctSets(dimensions, [[], ...dimensions.map((id) => [id]), ...declared, dimensions]),
    audience: field.oneOf('audience', ['analysts', 'partners'] as const, 'analysts'),
    release: readRelease(field, dimensions, measures),
  }
}

function readWhen(field: Field, known: ReadonlyMap<string, Dimension>): Dataset['when'] {
  const when = field.optional('when')
  const conditions = new Map<string, ReadonlySet<string>>()
  for (const id of when?.keys() ?? []) {
    const domain = known.get(id)?.domain
    const values = when?.texts(id) ?? []
    if (!domain) when?.mistake(id, `\`${id}\` is not a declared dimension`)
    else if (domain.kind === 'values') {
      const wrong = values.find((value) => !domain.values.has(value) && value !== otherValue)
      if (wrong !== undefined) when?.mistake(id, `\`${wrong}\` is not a declared value of ${id}`)
    }
    conditions.set(id, new Set(values))
  }
  return conditions
}

function distinctSets(order: readonly string[], sets: readonly (readonly string[])[]): string[][] {
  const keyed = sets.map((set) => order.filter((id) => set.includes(id)))
  return [...new Map(keyed.map((set) => [set.join(','), set])).values()]
}
