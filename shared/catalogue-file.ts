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
  type ReleaseLevel,
  type ReleaseRules,
} from './catalogue.ts'
import { browsers, deviceTypes, systems } from './client-values.ts'
import { otherValue } from './event.ts'
import { compare, type Fraction, fraction, parseFraction, sum } from './fraction.ts'
import { type Grain, grains, minuteMs } from './window.ts'

const defaultFile = fileURLToPath(new URL('./catalogue.yaml', import.meta.url))
const limits = { features: 2000, dimensions: 40, measures: 40, datasets: 40, values: 5000, cap: 10_000 }
/** Columns and event fields that mean something else already. */
const reservedIds = new Set([
  'dataset',
  'grain',
  'window',
  'stage',
  'by',
  'kp',
  'log',
  'hi',
  'events',
  'devices',
  'units',
])
const reservedFields = new Set(['id', 'time', 'device', 'cookie', 'cluster'])
const deviceFields = new Set(['device', 'cookie', 'cluster', 'id'])

/** The catalogue file has mistakes; the message has one line for each: `file:line: what is wrong; the mend`. */
export class CatalogueError extends Error {
  override readonly name = 'CatalogueError'
}

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
  const datasets = top.list('datasets', limits.datasets).map((field) => readDataset(field, dimensions, measureIds))
  top.distinct(
    'datasets',
    datasets.map(({ id }) => [id]),
  )
  return {
    version: top.text('version'),
    title: top.text('title', ''),
    k: top.integer('k', 1, 1_000_000, 10),
    releases: readReleaseRules(top),
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
  if (paths.some((path) => !path.startsWith('/'))) field.mistake('paths', 'each path prefix must start with /')
  return {
    id: field.featureId(),
    title: field.text('title'),
    paths,
    events: field.texts('events', []),
    unit,
    naturalKey,
  }
}

function readDimension(field: Field, features: readonly Feature[]): Dimension {
  field.onlyKeys(['id', 'title', 'from', 'field', 'values', 'buckets', 'rule', 'cap'])
  const id = field.columnId()
  const origin = field.oneOf('from', dimensionOrigins)
  const eventField = field.text('field', id)
  if (origin === 'event' && reservedFields.has(eventField))
    field.mistake('field', `\`${eventField}\` identifies a sender and can be no dimension`)
  return { id, title: field.text('title'), origin, field: eventField, domain: readDomain(field, origin, features) }
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

function readReleaseRules(top: Field): ReleaseRules {
  const field = top.optional('releases') ?? new Field({}, ['releases'], top.mistakes)
  field.onlyKeys(['rho', 'deltaThreshold', 'k', 'publishAfterHours'])
  return {
    rho: field.fraction('rho', fraction(1), '3/200'),
    deltaThreshold: field.fraction('deltaThreshold', fraction(1, 100_000), '1e-9'),
    k: field.integer('k', 2, 1_000_000, 20),
    // A day closes 24 h after its end; its raw records go after 72 h.
    publishAfterHours: field.integer('publishAfterHours', 25, 24 * 30, 30),
  }
}

/** Columns of a release besides the dataset's own. */
const releaseColumns = ['level', 'flags', 'day']

function readRelease(field: Field, dimensions: readonly string[], measures: readonly string[]): ReleaseLevel[] {
  const levels = field.list('release', 8, true).map((level) => readLevel(level, dimensions, measures))
  if (levels.length === 0) return []
  if (field.oneOf('audience', ['analysts', 'partners'] as const, 'analysts') !== 'partners')
    field.mistake('release', 'a dataset with a `release` needs `audience: partners`')
  for (const id of dimensions)
    if (releaseColumns.includes(id)) field.mistake('dimensions', `\`${id}\` is a column that every release has itself`)
  field.distinct(
    'release',
    levels.map(({ level, by }) => [`level ${level}`, `by ${by.join(', ')}`]),
  )
  if (compare(sum(levels.map(({ share }) => share)), fraction(1)) > 0)
    field.mistake('release', 'the shares of the levels add up to more than 1')
  const released = ({ measuresMax }: ReleaseLevel) => [...measuresMax.keys()].sort().join(', ')
  if (levels.some((level) => released(level) !== released(levels[0] as ReleaseLevel)))
    field.mistake('release', 'every level needs the same `measures`: they are columns')
  return levels
}

function readLevel(field: Field, dimensions: readonly string[], measures: readonly string[]): ReleaseLevel {
  field.onlyKeys(['level', 'by', 'cells', 'events', 'measures', 'share'])
  const by = field.texts('by', [])
  for (const id of by) if (!dimensions.includes(id)) field.mistake('by', `\`${id}\` is not a dimension of this dataset`)
  const cellsMax = field.integer('cells', 1, 1000, 1)
  if (by.length === 0 && cellsMax !== 1) field.mistake('cells', 'a level without dimensions has one cell only')
  const maxima = field.optional('measures')
  for (const id of maxima?.keys() ?? [])
    if (!measures.includes(id)) maxima?.mistake(id, `\`${id}\` is not a measure of this dataset`)
  return {
    level: field.columnId('level'),
    by: dimensions.filter((id) => by.includes(id)),
    cellsMax,
    eventsMax: field.integer('events', 1, 100_000),
    measuresMax: new Map(
      measures.filter((id) => maxima?.has(id)).map((id) => [id, (maxima as Field).integer(id, 1, 1_000_000_000_000)]),
    ),
    share: field.fraction('share', fraction(1)),
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

class Mistakes {
  readonly #found: string[] = []
  constructor(
    readonly file: string,
    readonly lineOf: (path: readonly (string | number)[]) => number,
  ) {}
  at(path: readonly (string | number)[], what: string): void {
    this.atLine(this.lineOf(path), what)
  }
  atLine(line: number, what: string): void {
    this.#found.push(`${this.file}:${line}: ${what}`)
  }
  stopIfAny(): void {
    if (this.#found.length > 0)
      throw new CatalogueError(`The catalogue has mistakes:\n${[...new Set(this.#found)].slice(0, 20).join('\n')}`)
  }
}

/** One mapping of the file, with typed reads that record a mistake and return a harmless value instead of throwing. */
class Field {
  readonly #value: Record<string, unknown>
  constructor(
    value: unknown,
    readonly path: readonly (string | number)[],
    readonly mistakes: Mistakes,
  ) {
    const isMapping = typeof value === 'object' && value !== null && !Array.isArray(value)
    if (!isMapping)
      mistakes.at(
        path,
        `must be a mapping${path.length === 0 ? ' with version, features, dimensions and datasets' : ''}`,
      )
    this.#value = isMapping ? (value as Record<string, unknown>) : {}
  }
  mistake(key: string, what: string): void {
    this.mistakes.at([...this.path, key], what)
  }
  has(key: string): boolean {
    return this.#value[key] !== undefined
  }
  keys(): string[] {
    return Object.keys(this.#value)
  }
  onlyKeys(allowed: readonly string[]): void {
    for (const key of this.keys())
      if (!allowed.includes(key)) this.mistake(key, `\`${key}\` is not known here; there may be ${allowed.join(', ')}`)
  }
  optional(key: string): Field | undefined {
    return this.has(key) ? new Field(this.#value[key], [...this.path, key], this.mistakes) : undefined
  }
  list(key: string, max: number, optional = false): Field[] {
    const value = this.#value[key]
    if (value === undefined && optional) return []
    if (!Array.isArray(value) || (value.length === 0 && !optional)) {
      this.mistake(key, `\`${key}\` must be a list with at least one entry`)
      return []
    }
    if (value.length > max) this.mistake(key, `\`${key}\` may have at most ${max} entries`)
    return value.slice(0, max).map((entry, index) => new Field(entry, [...this.path, key, index], this.mistakes))
  }
  text(key: string, fallback?: string): string {
    const value = this.#value[key] ?? fallback
    if (typeof value === 'string' && value.length <= 500 && (value !== '' || fallback === '')) return value
    this.mistake(key, `\`${key}\` must be a text of 1 to 500 characters`)
    return ''
  }
  texts(key: string, fallback?: string[], max = 500): string[] {
    const value = this.#value[key] ?? fallback
    if (
      Array.isArray(value) &&
      value.length <= max &&
      (value.length > 0 || fallback) &&
      value.every((entry) => typeof entry === 'string' && entry.length <= 200)
    ) {
      if (new Set(value).size !== value.length) this.mistake(key, `\`${key}\` names something twice`)
      return value as string[]
    }
    this.mistake(key, `\`${key}\` must be a list of 1 to ${max} texts (quote numbers and true or false)`)
    return []
  }
  textLists(key: string): string[][] {
    const value = this.#value[key] ?? []
    if (
      Array.isArray(value) &&
      value.length <= 64 &&
      value.every((entry) => Array.isArray(entry) && entry.every((id) => typeof id === 'string'))
    )
      return value as string[][]
    this.mistake(key, `\`${key}\` must be a list of lists of dimensions, for example [[version, provider]]`)
    return []
  }
  numbers(key: string): number[] {
    const value = this.#value[key]
    if (
      Array.isArray(value) &&
      value.length > 0 &&
      value.length <= 100 &&
      value.every((entry) => typeof entry === 'number' && Number.isFinite(entry))
    )
      return value as number[]
    this.mistake(key, `\`${key}\` must be a list of 1 to 100 numbers`)
    return [0]
  }
  integer(key: string, min: number, max: number, fallback?: number): number {
    const value = this.#value[key] ?? fallback
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value
    this.mistake(key, `\`${key}\` must be a whole number from ${min} to ${max}`)
    return min
  }
  /** `3/200`, `0.015` or `1e-9`, above zero. */
  fraction(key: string, max: Fraction, fallback?: string): Fraction {
    const value = this.#value[key] ?? fallback
    const parsed = typeof value === 'string' || typeof value === 'number' ? parseFraction(String(value)) : undefined
    if (parsed && parsed.numerator > 0n && compare(parsed, max) <= 0) return parsed
    const most = max.denominator === 1n ? `${max.numerator}` : `${max.numerator}/${max.denominator}`
    this.mistake(key, `\`${key}\` must be a fraction such as 3/200 or 0.015, above 0 and at most ${most}`)
    return max
  }
  oneOf<T extends string>(key: string, allowed: readonly T[], fallback?: T): T {
    const value = this.#value[key] ?? fallback
    if (allowed.includes(value as T)) return value as T
    this.mistake(key, `\`${key}\` must be one of ${allowed.join(', ')}`)
    return allowed[0] as T
  }
  /** Anchored, so that a rule can never let free text around a match through; values are at most 64 characters. */
  pattern(key: string): RegExp {
    try {
      return new RegExp(`^(?=.{1,64}$)(?:${this.text(key)})$`, 'u')
    } catch (error) {
      this.mistake(key, `\`${key}\` is not a regular expression: ${(error as Error).message}`)
      return /^$/
    }
  }
  featureId(): string {
    const id = this.text('id')
    if (id !== '' && !/^[A-Za-z0-9][A-Za-z0-9 ._:/-]{0,99}$/.test(id))
      this.mistake(
        'id',
        `\`${id}\`: a feature id has letters, digits, space and ._:/- and starts with a letter or digit`,
      )
    return id
  }
  /** An id that becomes a column or table name. */
  columnId(key = 'id'): string {
    const id = this.text(key)
    if (id !== '' && (!/^[a-z][a-z0-9_]{0,49}$/.test(id) || reservedIds.has(id)))
      this.mistake(
        key,
        `\`${id}\` must be lower-case letters, digits and _, start with a letter, and not be one of ${[...reservedIds].join(', ')}`,
      )
    return id
  }
  /** @param names by entry of the list: all names that must not stand twice */
  distinct(key: string, names: readonly (readonly string[])[], taken: Iterable<string> = []): void {
    const seen = new Set<string>(taken)
    for (const [index, ofEntry] of names.entries()) {
      for (const name of new Set(ofEntry)) {
        if (seen.has(name)) this.mistakes.at([...this.path, key, index], `\`${name}\` is declared twice`)
        seen.add(name)
      }
    }
  }
}
