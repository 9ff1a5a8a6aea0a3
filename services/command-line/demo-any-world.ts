/** The demo's world for any other catalogue: devices and clusters that send its declared features and values. */
import type { Catalogue, Dimension, Feature } from '../../shared/catalogue.ts'
import { type Batch, browserHeaders, type DemoEvent, eventIds, type Run, type World } from './demo-batch.ts'
import { botUserAgents, browserUserAgents } from './demo-user-agents.ts'

const deviceCount = 200
const clusterCount = 30
const botShare = 0.02
const eventsPerBatchMax = 6
/** Tried on a rule; a dimension whose rule takes none of them stays without a value. */
const guesses = ['1.0', '1.1', '2.0.1', '2.1.0', '3', 'a', 'b', 'abc', 'en', 'DE', 'one', 'two']

export function makeAnyWorld(run: Run, catalogue: Catalogue): World {
  const { random } = run
  const nextId = eventIds(run)
  const features = catalogue.features
  const devices = Array.from({ length: deviceCount }, () => ({
    id: random.identifier(22),
    userAgent: random.pickEarly(browserUserAgents),
  }))
  const fields = catalogue.dimensions.filter(({ origin }) => origin === 'event')
  const choices = new Map(fields.map((dimension) => [dimension.field, valuesOf(dimension)]))

  const unitOf = (feature: Feature, device: string): Partial<DemoEvent> => {
    if (feature.unit === 'cluster') return { cluster: `demo-${run.id}-${random.integer(1, clusterCount)}` }
    // What an earlier demo reported in the same slot would be taken for the same report.
    return { cookie: feature.naturalKey ? `${run.id}${device}` : device }
  }
  const event = (now: number, device: string): DemoEvent => {
    const feature = random.pickEarly(features)
    const made: DemoEvent = { id: nextId(), time: new Date(now).toISOString(), feature: feature.id }
    for (const [field, values] of choices) if (values.length > 0) made[field] = random.pickEarly(values)
    for (const { id, min, max } of catalogue.measures) {
      // A dimension may bucket the measure of the same field; both then see one value.
      made[id] ??= random.integer(min, min + Math.min(100, max - min))
    }
    return Object.assign(made, unitOf(feature, device))
  }

  return {
    title: `${deviceCount} browsers, ${clusterCount} clusters, a few bots, with the ${features.length} features of this catalogue`,
    next(now): Batch {
      const bot = random.chance(botShare)
      const { id, userAgent } = random.pick(devices)
      return {
        events: Array.from({ length: random.integer(1, eventsPerBatchMax) }, () => event(now, id)),
        headers: browserHeaders(bot ? random.pick(botUserAgents) : userAgent),
        gzip: random.chance(0.3),
        lines: random.chance(0.3),
        bot,
      }
    },
  }
}

function valuesOf({ domain }: Dimension): (string | number)[] {
  switch (domain.kind) {
    case 'values':
      return [...domain.values]
    case 'buckets':
      return [...domain.bounds]
    case 'rule':
      return guesses.filter((guess) => domain.pattern.test(guess))
  }
}
