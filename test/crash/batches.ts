/**
 * What is sent. Every batch has a feature of its own, a number of events, devices and weights of its own, so that an
 * event lost in one batch cannot be made up for by one counted twice in another.
 */
import { Random } from '../../services/command-line/demo-random.ts'
import { type Grain, hourMs, minuteMs, windowStart } from '../../shared/window.ts'

export const dataset = 'feature_usage'
/** The minute grain is kept for 48 h only, so it is not compared. */
export const comparedGrains = ['hour', 'day', 'week', 'month'] as const satisfies Grain[]
const eventsMax = 300
const weightMax = 1000
/** Oldest event of a batch: with the longest that a batch may be on its way (timeline.ts) less than the 24 h of `late`. */
export const ageMs = 12 * hourMs
const newestMs = minuteMs

export interface Tally {
  events: number
  weight: number
  devices: Set<string>
}

export interface Batch {
  readonly feature: string
  readonly events: number
  /** Simulated time. */
  readonly madeAt: number
  /** The request's body. */
  readonly body: string
  /** What must be counted, by cell key. */
  readonly expected: ReadonlyMap<string, Tally>
}

export function featureOf(index: number): string {
  return `batch-${String(index).padStart(4, '0')}`
}

/** @param window ms since the Unix epoch */
export function cellKey(grain: string, window: number, feature: string): string {
  return `${feature} ${grain} ${new Date(window).toISOString()}`
}

/** A catalogue file with a feature for each batch. */
export function catalogueText(batches: number): string {
  const features = Array.from(
    { length: batches },
    (_, index) => `  - { id: ${featureOf(index)}, title: Batch ${index} }`,
  )
  return `version: crash
title: Crash campaign
k: 1
features:
${features.join('\n')}
dimensions:
  - { id: feature, title: Feature, from: feature }
measures:
  - { id: weight, title: Weight, unit: one, min: 0, max: ${weightMax} }
datasets:
  - { id: ${dataset}, title: Feature usage, dimensions: [feature], measures: [weight] }
`
}

/** The batch of that number; all but its times follows from the seed. Its events are of the last 12 hours. */
export function makeBatch(index: number, seed: number, now: number): Batch {
  const random = new Random(seed * 10_007 + index)
  const feature = featureOf(index)
  const count = random.integer(1, eventsMax)
  const devices = random.integer(1, 9)
  // A few moments for all events: cells of the short grains would otherwise be nearly as many as events.
  const moments = Array.from({ length: random.integer(2, 10) }, () => now - random.integer(newestMs, ageMs))
  const expected = new Map<string, Tally>()
  const events = Array.from({ length: count }, (_, number) => {
    const time = random.pick(moments)
    const device = `device-${index}-${random.integer(1, devices)}`
    const weight = random.integer(0, weightMax)
    for (const grain of comparedGrains) {
      const key = cellKey(grain, windowStart(grain, time), feature)
      const tally = expected.get(key) ?? { events: 0, weight: 0, devices: new Set() }
      expected.set(key, tally)
      tally.events++
      tally.weight += weight
      tally.devices.add(device)
    }
    return { id: `event-${index}-${number}`, time: new Date(time).toISOString(), feature, device, weight }
  })
  return { feature, events: count, madeAt: now, body: JSON.stringify({ events }), expected }
}

export function reachesOverMonthEnd({ expected }: Batch): boolean {
  return [...expected.keys()].filter((key) => key.includes(' month ')).length > 1
}
