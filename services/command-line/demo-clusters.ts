/** The demo's DC/OS clusters: what each is like, and the reports that all of its masters send. */
import type { DemoEvent } from './demo-batch.ts'
import type { Random } from './demo-random.ts'

const versions = ['2.2.0', '2.1.4', '2.0.6', '1.13.9', '2.2.0-rc1', '1.12.5']
const providers = ['aws', 'onprem', 'azure', 'gcp', 'vagrant', 'docker']
const variants = ['enterprise', 'open', 'community']
const packages = [
  { name: 'marathon-lb', versions: ['1.14.2', '1.13.0'] },
  { name: 'kafka', versions: ['2.10.0', '2.9.1'] },
  { name: 'cassandra', versions: ['2.10.0', '2.9.0'] },
  { name: 'spark', versions: ['2.12.0', '2.11.0'] },
  { name: 'jenkins', versions: ['4.0.0', '3.6.1'] },
  { name: 'elastic', versions: ['3.1.0'] },
  { name: 'hdfs', versions: ['2.8.0'] },
  { name: 'kubernetes', versions: ['2.4.6', '2.4.5'] },
  { name: 'prometheus', versions: ['1.0.0'] },
  { name: 'grafana', versions: ['6.5.1'] },
  { name: 'edge-lb', versions: ['1.7.0'] },
  { name: 'hello-world', versions: ['2.2.0'] },
]
const units = [
  'dcos-adminrouter',
  'dcos-cosmos',
  'dcos-diagnostics',
  'dcos-exhibitor',
  'dcos-marathon',
  'dcos-mesos-dns',
  'dcos-mesos-master',
  'dcos-metronome',
  'dcos-net',
]

export interface Cluster {
  readonly id: string
  readonly version: string
  readonly report: Readonly<Record<string, string | number>>
  readonly packages: readonly { readonly package: string; readonly version: string }[]
  readonly health: readonly { readonly unit: string; readonly unhealthy: number }[]
}

/** Makes `count` clusters: most small, a few large. */
export function makeClusters(count: number, random: Random, prefix: string): Cluster[] {
  return Array.from({ length: count }, (_, index) => {
    const agents = Math.max(1, Math.round(2 ** (random.next() * 8)))
    const version = random.pickEarly(versions)
    return {
      id: `${prefix}-${index}`,
      version,
      report: {
        version,
        provider: random.pickEarly(providers),
        variant: random.pickEarly(variants),
        agents,
        tasks: agents * random.integer(2, 30),
        frameworks: random.integer(1, 12),
        cpu: agents * random.pick([4, 8, 16, 32]),
        memory: agents * random.pick([16, 32, 64, 128]) * 1024,
        disk: agents * random.pick([100, 500, 2000]) * 1024,
      },
      packages: random
        .some(packages, random.integer(3, 9))
        .map((one) => ({ package: one.name, version: random.pickEarly(one.versions) })),
      health: units.map((unit) => ({ unit, unhealthy: random.chance(0.06) ? random.integer(1, 5) : 0 })),
    }
  })
}

/** One master's report of its cluster: the same from each master but for the event ids. */
export function reportsOf(cluster: Cluster, time: string, nextId: () => string): DemoEvent[] {
  const event = (feature: string, fields: Record<string, string | number>): DemoEvent => ({
    id: nextId(),
    time,
    feature,
    cluster: cluster.id,
    source: 'node',
    ...fields,
  })
  return [
    event('mesos_track', cluster.report),
    ...cluster.packages.map((one) => event('package_list', one)),
    ...cluster.health.map((one) => event('health', { version: cluster.version, ...one })),
  ]
}
