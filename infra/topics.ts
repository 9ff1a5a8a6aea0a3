/**
 * The topics Headcount needs in Kafka, declared once: made when they are missing, compared when they are there. A topic
 * that keeps raw records longer, or takes less care of them, than is promised must stop the start, not be worked with.
 */
import type { Admin, ITopicMetadata } from 'kafkajs'
import { compactionMs, rawRetentionMs } from '../shared/retention/limits.ts'
import { hourMs } from '../shared/window.ts'

/** A record of the largest request body, decompressed, with what the collector adds; batches stay below it. */
export const recordBytesMax = 8 * 1024 * 1024

const leaderMsMax = 15_000
const lookMs = 100
const notYetTypes = ['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE']

export interface DeclaredTopic {
  name: string
  /** Of a new topic. One that is there may have more. */
  partitions: number
  replication: number
  /** Kafka's names and values. Where a bound is marked in `atMost`, a smaller number found is fine too. */
  configs: Readonly<Record<string, string>>
  atMost: readonly string[]
}

/** What of a topic is not as declared, each with how to mend it. */
export class TopicDifferenceError extends Error {
  override readonly name = 'TopicDifferenceError'
}

/** Copies and the number of them that must have a record before it counts as written. */
function copies(replication: number): Record<string, string> {
  return {
    'min.insync.replicas': replication >= 3 ? '2' : '1',
    'unclean.leader.election.enable': 'false',
    'max.message.bytes': String(recordBytesMax),
    // With one copy no other broker has the record when the power goes: it is written through before the answer.
    ...(replication === 1 ? { 'flush.messages': '1' } : {}),
  }
}

/** Raw records: 72 h from the broker's own clock, in segments of an hour at most, so that idle ones go as well. */
export function eventsTopic(prefix: string, partitions: number, replication: number): DeclaredTopic {
  return {
    name: `${prefix}-events`,
    partitions,
    replication,
    configs: {
      'cleanup.policy': 'delete',
      'retention.ms': String(rawRetentionMs),
      'retention.bytes': '-1',
      'segment.ms': String(hourMs),
      'file.delete.delay.ms': '60000',
      'message.timestamp.type': 'LogAppendTime',
      ...copies(replication),
    },
    atMost: ['retention.ms', 'segment.ms', 'file.delete.delay.ms'],
  }
}

/**
 * Opt-outs and deletions, kept until they are removed, so that they survive the loss of Redis. One partition: they have one
 * order. What was removed is compacted away within the time that is promised for it.
 */
export function choicesTopic(prefix: string, replication: number): DeclaredTopic {
  return {
    name: `${prefix}-choices`,
    partitions: 1,
    replication,
    configs: {
      'cleanup.policy': 'compact',
      'segment.ms': String(hourMs),
      'min.cleanable.dirty.ratio': '0.01',
      'min.compaction.lag.ms': '0',
      'max.compaction.lag.ms': String(hourMs),
      'delete.retention.ms': String(compactionMs),
      'file.delete.delay.ms': '60000',
      'message.timestamp.type': 'LogAppendTime',
      ...copies(replication),
    },
    atMost: ['segment.ms', 'min.cleanable.dirty.ratio', 'max.compaction.lag.ms', 'file.delete.delay.ms'],
  }
}

/** As many copies as asked for; if nothing was, 3, or one for each broker where there are fewer. */
export async function replicationOf(admin: Admin, wanted: number | undefined): Promise<number> {
  return wanted ?? Math.min(3, (await admin.describeCluster()).brokers.length)
}

/**
 * Makes the topics that are missing and compares those that are there.
 * @throws TopicDifferenceError naming every setting that does not fit: topic, setting, wanted, found, and the command
 *   that mends it
 */
export async function ensureTopics(admin: Admin, declared: readonly DeclaredTopic[]): Promise<void> {
  const there = new Set(await admin.listTopics())
  for (const topic of declared) if (!there.has(topic.name)) await createTopic(admin, topic)
  const differences = (await Promise.all(declared.map((topic) => differencesOf(admin, topic)))).flat()
  if (differences.length > 0)
    throw new TopicDifferenceError(`Kafka's topics are not as Headcount needs them:\n${differences.join('\n')}`)
}

async function createTopic(admin: Admin, { name, partitions, replication, configs }: DeclaredTopic): Promise<void> {
  const configEntries = Object.entries(configs).map(([name, value]) => ({ name, value }))
  const topic = { topic: name, numPartitions: partitions, replicationFactor: replication, configEntries }
  // False when another process made it at the same moment; what it made is compared like any other.
  await admin.createTopics({ topics: [topic], waitForLeaders: false, timeout: leaderMsMax })
  await untilLed(admin, name)
}

/** kafkajs's own wait gives up where a broker has not heard of the topic yet, as a busy one for a second. */
export async function untilLed(admin: Admin, topic: string): Promise<void> {
  for (const deadline = performance.now() + leaderMsMax; ; ) {
    const { partitions } = await describe(admin, topic)
    if (partitions.every(({ leader }) => leader >= 0) || performance.now() > deadline) return
    await new Promise((resolve) => setTimeout(resolve, lookMs))
  }
}

/**
 * Of several brokers each hears of a new topic at its own time, and the next question may go to one that has not, even
 * when another has already answered. So each question is asked again for as long as that is the answer.
 */
async function onceHeardOf<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  for (const deadline = performance.now() + leaderMsMax; ; ) {
    try {
      return await ask()
    } catch (error) {
      const { type = '' } = error as { type?: string }
      if (!notYetTypes.includes(type) || performance.now() > deadline) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, lookMs))
  }
}

async function differencesOf(admin: Admin, declared: DeclaredTopic): Promise<string[]> {
  const found = await describe(admin, declared.name)
  const differences: string[] = []
  if (found.partitions.length < declared.partitions) {
    const mend = `kafka-topics.sh --alter --topic ${declared.name} --partitions ${declared.partitions}`
    differences.push(line(declared.name, 'partitions', declared.partitions, found.partitions.length, mend))
  }
  const fewest = Math.min(...found.partitions.map(({ replicas }) => replicas.length))
  if (fewest < declared.replication) {
    const mend = 'kafka-reassign-partitions.sh, with the replicas that each partition is to have'
    differences.push(line(declared.name, 'replication', declared.replication, fewest, mend))
  }
  for (const [setting, value] of await readConfigs(admin, declared)) {
    const wanted = declared.configs[setting] as string
    if (fits(declared, setting, wanted, value)) continue
    const mend = `kafka-configs.sh --alter --topic ${declared.name} --add-config ${setting}=${wanted}`
    differences.push(line(declared.name, setting, wanted, value ?? 'nothing', mend))
  }
  return differences
}

/** More care than declared is as good: shorter retention, more copies in step, larger records. */
function fits({ atMost }: DeclaredTopic, setting: string, wanted: string, found: string | undefined): boolean {
  if (found === wanted) return true
  if (found === undefined) return false
  if (setting === 'min.insync.replicas' || setting === 'max.message.bytes') return Number(found) >= Number(wanted)
  return atMost.includes(setting) && Number(found) >= 0 && Number(found) <= Number(wanted)
}

function line(topic: string, setting: string, wanted: number | string, found: number | string, mend: string): string {
  return `- ${topic}: ${setting} should be ${wanted} and is ${found}; mend it with: ${mend}`
}

async function describe(admin: Admin, topic: string): Promise<ITopicMetadata> {
  const { topics } = await onceHeardOf(() => admin.fetchTopicMetadata({ topics: [topic] }))
  return topics[0] as ITopicMetadata
}

async function readConfigs(admin: Admin, declared: DeclaredTopic): Promise<Map<string, string | undefined>> {
  const configNames = Object.keys(declared.configs)
  // 2 is TOPIC; kafkajs's enum does not survive `verbatimModuleSyntax` with CommonJS named exports.
  const asked = { includeSynonyms: false, resources: [{ type: 2, name: declared.name, configNames }] }
  const { resources } = await onceHeardOf(() => admin.describeConfigs(asked))
  const found = new Map(resources[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue]))
  return new Map(configNames.map((name) => [name, found.get(name)]))
}
