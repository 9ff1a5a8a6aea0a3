/** Group by group: what was handed over, beside what the installation has counted. */
import { setTimeout as sleep } from 'node:timers/promises'
import { featureOf } from '../crash/batches.ts'
import { type RunningHeadcount, usage } from '../fixtures/headcount-process.ts'
import type { KillsGround } from './node-sender-ground.ts'
import { groupSize } from './node-sender-groups.ts'

const settleMsMax = 120_000
const examplesMax = 10

export interface KillsAccount {
  /** Groups of which the host was told that they are handed over. */
  readonly handed: number
  /** Their events. */
  readonly events: number
  /** Events of groups that were not handed over, and were counted all the same. */
  readonly more: number
  /** Events handed over and not counted. */
  readonly lost: number
  /** Events counted more often than once. */
  readonly doubled: number
  readonly examples: readonly string[]
}

interface Sent {
  readonly firstGroup: number
  readonly groups: number
  readonly seed: number
  readonly handed: ReadonlySet<number>
}

/** To be called once everything was answered by the collector. */
export async function accountOf({ installation, dataDir }: KillsGround, sent: Sent): Promise<KillsAccount> {
  const counted = await countedOf(installation, dataDir)
  const examples: string[] = []
  let [events, more, lost, doubled] = [0, 0, 0, 0]
  for (let group = sent.firstGroup; group < sent.firstGroup + sent.groups; group++) {
    const feature = featureOf(group)
    const size = groupSize(group, sent.seed)
    const isHanded = sent.handed.has(group)
    // Each event has a device of its own.
    const { events: all, devices: once } = counted.get(feature) ?? { events: 0, devices: 0 }
    if (isHanded) events += size
    else more += once
    const missing = isHanded ? Math.max(0, size - once) : 0
    lost += missing
    doubled += all - once
    if ((missing > 0 || all !== once) && examples.length < examplesMax)
      examples.push(`${feature}: ${isHanded ? 'handed over' : 'tracked'} ${size}, counted ${all} of ${once} devices`)
  }
  return { handed: sent.handed.size, events, more, lost, doubled, examples }
}

async function countedOf(running: RunningHeadcount, dataDir: string) {
  const now = Date.now()
  const deadline = performance.now() + settleMsMax
  for (;;) {
    const { rows, fresh_to } = await usage(running, dataDir, 'dataset=feature_usage&by=feature')
    if (Date.parse(fresh_to) >= now) return byFeature(rows)
    if (performance.now() > deadline) throw new Error(`not everything is counted after ${settleMsMax / 1000} s`)
    await sleep(100)
  }
}

/** Midnight may fall into a campaign: events of both days, which no device is in. */
function byFeature(rows: (string | number | null)[][]): Map<string, { events: number; devices: number }> {
  const counted = new Map<string, { events: number; devices: number }>()
  for (const [, feature, events, devices] of rows) {
    const before = counted.get(String(feature)) ?? { events: 0, devices: 0 }
    counted.set(String(feature), {
      events: before.events + Number(events),
      devices: before.devices + Number(devices),
    })
  }
  return counted
}
