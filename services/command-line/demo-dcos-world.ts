/** The demo's world for the default catalogue: DC/OS clusters, people at their UI, people at the command line, a few bots. */
import { type Batch, browserHeaders, type DemoEvent, eventIds, type Run, type World } from './demo-batch.ts'
import { type Cluster, makeClusters, reportsOf } from './demo-clusters.ts'
import { botUserAgents, browserUserAgents, cliUserAgents, nodeUserAgent } from './demo-user-agents.ts'

const clusterCount = 30
const mastersPerCluster = 3
const browserCount = 400
const cliCount = 150
const reportShare = 0.15
const cliShare = 0.25
const botShare = 0.02
/** How long before it is sent something may have happened. */
const heldMsMax = 5_000
const uiFeatures = [
  'dashboard',
  'services',
  'dcos_login',
  'nodes',
  'jobs',
  'catalog',
  'components',
  'secrets',
  'networking',
  'settings',
  'organization',
  'dcos_logout',
]
const cliFeatures = ['cli_service', 'cli_marathon_app', 'cli_node', 'cli_package_install', 'cli_job']

/** Features that must be declared for this world to make sense. */
export const dcosFeatures: readonly string[] = [...uiFeatures, ...cliFeatures, 'mesos_track', 'package_list', 'health']

interface Person {
  readonly id: string
  readonly userAgent: string
  readonly version: string
}

/** @param slotMs how often each master reports */
export function makeDcosWorld(run: Run, slotMs: number): World {
  const { random, startedAt } = run
  const nextId = eventIds(run)
  const clusters = makeClusters(clusterCount, random, `demo-${run.id}`)
  const people = (count: number, userAgents: readonly string[]): Person[] =>
    Array.from({ length: count }, () => ({
      id: random.identifier(22),
      userAgent: random.pickEarly(userAgents),
      version: random.pickEarly(clusters).version,
    }))
  const browsers = people(browserCount, browserUserAgents)
  const clis = people(cliCount, cliUserAgents)
  const bots = people(botUserAgents.length, botUserAgents)
  let slot = Number.NaN
  let waiting: Cluster[] = []

  const past = (now: number) => new Date(Math.max(startedAt, now - random.integer(0, heldMsMax))).toISOString()
  const events = (count: number, now: number, features: readonly string[], rest: Record<string, string>): DemoEvent[] =>
    Array.from({ length: count }, () => ({
      id: nextId(),
      time: past(now),
      feature: random.pickEarly(features),
      ...rest,
    }))

  const report = (now: number): Batch | undefined => {
    if (Math.floor(now / slotMs) !== slot) {
      slot = Math.floor(now / slotMs)
      waiting = random.shuffled(clusters).flatMap((cluster) => Array(mastersPerCluster).fill(cluster) as Cluster[])
    }
    const cluster = waiting.pop()
    if (!cluster) return undefined
    const headers = { 'user-agent': nodeUserAgent }
    return {
      events: reportsOf(cluster, new Date(now).toISOString(), nextId),
      headers,
      gzip: true,
      lines: false,
      bot: false,
      node: true,
    }
  }
  const cli = (now: number): Batch => {
    const { id, userAgent, version } = random.pickEarly(clis)
    const sent = events(random.integer(1, 3), now, cliFeatures, { device: id, source: 'cli', version })
    return { events: sent, headers: { 'user-agent': userAgent }, gzip: false, lines: true, bot: false }
  }
  const browser = (now: number, bot: boolean): Batch => {
    const { id, userAgent, version } = random.pick(bot ? bots : browsers)
    const sent = events(random.integer(1, 5), now, uiFeatures, { cookie: id, source: 'ui', version })
    return { events: sent, headers: browserHeaders(userAgent), gzip: sent.length > 3, lines: false, bot }
  }

  return {
    title: `${clusterCount} clusters of ${mastersPerCluster} masters, ${browserCount} browsers, ${cliCount} command lines, a few bots`,
    next(now) {
      const choice = random.next()
      const reported = choice < reportShare ? report(now) : undefined
      if (reported) return reported
      return choice < reportShare + cliShare ? cli(now) : browser(now, random.chance(botShare))
    },
  }
}
