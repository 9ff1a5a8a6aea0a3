/**
 * What the hosts of the kill campaign send: groups of events, each with a feature of its own, so that an event lost in one
 * cannot be made up for by one counted twice in another; and each event with a device of its own, so that an event counted
 * twice shows in a group of which only a part has arrived.
 */
import { Random } from '../../services/command-line/demo-random.ts'
import { featureOf } from '../crash/batches.ts'

const eventsMax = 60

export type GroupEvent = Record<'feature' | 'device', string>

/** How many events a group has; it follows from the seed. */
export function groupSize(group: number, seed: number): number {
  return new Random(seed * 10_007 + group).integer(1, eventsMax)
}

export function groupEvents(group: number, seed: number): GroupEvent[] {
  const feature = featureOf(group)
  return Array.from({ length: groupSize(group, seed) }, (_, number) => ({ feature, device: `d-${group}-${number}` }))
}

/** What a host says, a JSON object a line. */
export type Told =
  | { readonly up: true }
  | { readonly handed: number }
  | { readonly settled: boolean }
  | { readonly warned: string }
