/** Counts of what the demo sent, made from the batches themselves: nothing of Headcount's pipeline is used for them. */
import type { Batch, DemoEvent, World } from '../../services/command-line/demo-batch.ts'

/** A world that remembers what it gave to be sent. */
export function tapped(world: World): { readonly world: World; readonly batches: readonly Batch[] } {
  const batches: Batch[] = []
  const next = (now: number): Batch => {
    const batch = world.next(now)
    batches.push(batch)
    return batch
  }
  return { world: { title: world.title, next }, batches }
}

const slotMs = 300_000
const agentBounds = [1, 3, 5, 10, 20, 50, 100, 200, 500, 1000]
const reports: Readonly<Record<string, string>> = { mesos_track: '', package_list: 'package', health: 'unit' }

/** Events by value as the default catalogue's datasets have them; undefined: not counted here. */
export function countTapped(
  batches: readonly Batch[],
  dataset: string,
  dimension: string,
): Map<string, number> | undefined {
  const of = valueFrom(dimension)
  if (!of) return undefined
  const counts = new Map<string, number>()
  for (const { event, batch } of oncePerReport(batches)) {
    if (!isIn(dataset, event)) continue
    const value = of(event, batch)
    counts.set(value, (counts.get(value) ?? 0) + 1)
  }
  return counts
}

/** No bots; of what all masters of a cluster report in one slot, one. */
function oncePerReport(batches: readonly Batch[]): { event: DemoEvent; batch: Batch }[] {
  const seen = new Set<string>()
  return batches
    .filter(({ bot }) => !bot)
    .flatMap((batch) => batch.events.map((event) => ({ event, batch })))
    .filter(({ event }) => {
      const field = reports[event.feature]
      if (field === undefined) return true
      const slot = Math.floor(Date.parse(event.time) / slotMs)
      const key = [event.feature, event.cluster, slot, field === '' ? '' : event[field]].join(' ')
      return !seen.has(key) && seen.add(key) !== undefined
    })
}

function isIn(dataset: string, { feature, source }: DemoEvent): boolean {
  switch (dataset) {
    case 'deployments':
      return feature === 'mesos_track'
    case 'packages':
      return feature === 'package_list'
    case 'health':
      return feature === 'health'
    // Without a database of addresses there is no country to count by.
    case 'geography':
      return false
    case 'clients':
      return source === 'ui'
    default:
      return true
  }
}

type ValueFrom = (event: DemoEvent, batch: Batch) => string

function valueFrom(dimension: string): ValueFrom | undefined {
  switch (dimension) {
    case 'cluster_size':
      return ({ agents }) => bucketOf(Number(agents))
    case 'country':
      return () => '(none)'
    case 'browser':
    case 'os':
    case 'device_type':
      return (_event, { headers }) => clientOf(dimension, headers['user-agent'] ?? '')
    default:
      return (event) => String(event[dimension] ?? '(none)')
  }
}

function bucketOf(agents: number): string {
  const at = agentBounds.findLastIndex((bound) => bound <= agents)
  const [from, next] = [agentBounds[at], agentBounds[at + 1]]
  if (from === undefined) return `<${agentBounds[0]}`
  if (next === undefined) return `${from}+`
  return next - from === 1 ? String(from) : `${from}–${next - 1}`
}

const clients: Readonly<Record<string, readonly (readonly [RegExp, string])[]>> = {
  browser: [
    [/Edg\//, 'Edge'],
    [/OPR\//, 'Opera'],
    [/SamsungBrowser/, 'Samsung Internet'],
    [/Chrome\//, 'Chrome'],
    [/Firefox\//, 'Firefox'],
    [/Safari\//, 'Safari'],
  ],
  os: [
    [/iPhone|iPad/, 'iOS'],
    [/Android/, 'Android'],
    [/Windows/, 'Windows'],
    [/Mac OS X/, 'macOS'],
    [/Linux/, 'Linux'],
  ],
  device_type: [
    [/iPad/, 'tablet'],
    [/Mobile/, 'mobile'],
    [/./, 'desktop'],
  ],
}

function clientOf(dimension: string, userAgent: string): string {
  return clients[dimension]?.find(([pattern]) => pattern.test(userAgent))?.[1] ?? '(other)'
}
