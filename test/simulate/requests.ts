/**
 * What is sent. Every request has a feature of its own, with its own number of events, units and weights, so that what is
 * lost of one cannot be made up for by what is counted twice of another.
 */
import type { Random } from '../../services/command-line/demo-random.ts'
import type { Catalogue } from '../../shared/catalogue.ts'
import { parseCatalogue } from '../../shared/catalogue-file.ts'
import { encodeRecord, type SentEvent, type Unit } from '../../shared/event.ts'
import { dayMs, hourMs, minuteMs, windowStart } from '../../shared/window.ts'
import { cellKey } from './simulated-warehouse.ts'

/** One kept under the day's key and one under the week's: pseudonyms of both must come out the same in a replay. */
export const grains = ['hour', 'week'] as const
export const requestsMax = 400
const weightMax = 1000
const unitsMax = 3
const eventsPerUnitMax = 4
const ageMsMax = 6 * hourMs

export interface Tally {
  events: number
  weight: number
  readonly units: Set<string>
}

export interface Request {
  readonly feature: string
  readonly parts: readonly { readonly unit: Unit; readonly partition: number; readonly events: readonly SentEvent[] }[]
  /** What must be counted once, by cell. */
  readonly expected: ReadonlyMap<string, Tally>
  isAcknowledged: boolean
}

const features = Array.from({ length: requestsMax }, (_, index) => `request-${index}`)

/** A feature for each request. */
export const catalogue: Catalogue = parseCatalogue(
  `version: simulation
title: Simulation
k: 1
features:
${features.map((id) => `  - { id: ${id}, title: ${id} }`).join('\n')}
dimensions:
  - { id: feature, title: Feature, from: feature }
measures:
  - { id: weight, title: Weight, unit: one, min: 0, max: ${weightMax} }
datasets:
  - { id: usage, title: Usage, dimensions: [feature], measures: [weight], grains: [${grains.join(', ')}] }
`,
  'simulation.yaml',
)

/** The request of that number. Its events are of the same day as `firstDay` or later: no epoch ends in a simulation. */
export function makeRequest(
  index: number,
  { random, partitions, now, firstDay }: { random: Random; partitions: number; now: number; firstDay: number },
): Request {
  const feature = features[index]!
  const expected = new Map<string, Tally>()
  const ageMs = Math.min(ageMsMax, now - firstDay - minuteMs)
  const moments = Array.from({ length: random.integer(1, 2) }, () => now - random.integer(0, ageMs))
  const parts = Array.from({ length: random.integer(1, unitsMax) }, (_, at) => {
    // Some units send again and again; their ids are told apart by the request.
    const id = random.chance(0.3) ? `unit-${random.integer(0, 5)}-${at}` : `unit-${index}-${at}`
    const events = Array.from({ length: random.integer(1, eventsPerUnitMax) }, (_, number) => {
      const time = random.pick(moments)
      const weight = random.integer(0, weightMax)
      for (const grain of grains) {
        const key = cellKey(grain, windowStart(grain, time), feature)
        const tally = expected.get(key) ?? { events: 0, weight: 0, units: new Set() }
        expected.set(key, tally)
        tally.events++
        tally.weight += weight
        tally.units.add(id)
      }
      return { id: `event-${index}-${at}-${number}`, time, feature, fields: { weight } }
    })
    return { unit: { kind: 'device', id } as const, partition: partitionOf(id, partitions), events }
  })
  return { feature, parts, expected, isAcknowledged: false }
}

/** One part of a request, or some of its events alone, as the log's bytes. */
export function recordOf(unit: Unit, events: readonly SentEvent[], now: number): Buffer {
  const sender = { receivedAt: now, route: 'node', ip: '192.0.2.1', userAgent: 'simulation' } as const
  return encodeRecord({ ...sender, unit, events: [...events] })
}

/** A unit always lands in one partition. */
function partitionOf(id: string, partitions: number): number {
  let sum = 0
  for (const character of id) sum = (sum * 31 + character.charCodeAt(0)) % 65_521
  return sum % partitions
}

/** Midnight before that moment. */
export function dayOf(time: number): number {
  return Math.floor(time / dayMs) * dayMs
}
