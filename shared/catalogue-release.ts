/** What a catalogue file says of releases: the rules of a day, and the levels of each released dataset. */
import type { Dataset, ReleaseLevel, ReleaseRules } from './catalogue.ts'
import { Field } from './catalogue-field.ts'
import { compare, divide, fraction, multiply, sum } from './fraction.ts'

export function readReleaseRules(top: Field): ReleaseRules {
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

export function readRelease(field: Field, dimensions: readonly string[], measures: readonly string[]): ReleaseLevel[] {
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

/** Noise beyond this width (σ 20,000) drowns every count, and has no threshold (services/release/gaussian-tail.ts). */
const varianceMax = fraction(20_000n ** 2n)

/**
 * A level that is left so little of the budget that nothing could be published is a mistake now, not when the first day
 * is sealed.
 * @param fields of the datasets, in their order
 */
export function checkNoise(datasets: readonly Dataset[], { rho }: ReleaseRules, fields: readonly Field[]): void {
  const released = datasets.filter(({ release }) => release.length > 0).length
  for (const [index, { release }] of datasets.entries()) {
    for (const { level, cellsMax, share } of release) {
      // σ² = C / (2ρ), and half of a level's ρ is for its devices.
      const variance = divide(fraction(cellsMax * released), multiply(rho, share))
      if (compare(variance, varianceMax) > 0)
        fields[index]?.mistake(
          'release',
          `the level ${level} has too little of the budget for its \`cells\`: its noise would be above 20,000 devices; give it a larger \`share\`, or release fewer datasets`,
        )
    }
  }
}
