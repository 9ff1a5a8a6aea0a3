/** The event log in Apache Kafka: one topic, its id the log's id, its partitions ours, one consumer group of workers. */
import { eventsTopic, replicationOf } from '../../infra/topics.ts'
import { type Clock, systemClock } from '../clock.ts'
import { KafkaAppends } from './kafka-append.ts'
import { epochOf, KafkaAssignment } from './kafka-assignment.ts'
import { type Bounds, readBounds } from './kafka-bounds.ts'
import { KafkaCluster } from './kafka-cluster.ts'
import { KafkaGroup, type Membership } from './kafka-group.ts'
import { PartitionsInUse } from './kafka-partitions.ts'
import { PartitionsMemo } from './kafka-partitions-memo.ts'
import { KafkaReader } from './kafka-reader.ts'
import { logBytesExchange } from './kafka-requests.ts'
import { prepareTopic, untilKnown } from './kafka-topic.ts'
import type { KafkaAddress } from './kafka-url.ts'
import {
  type AppendedAt,
  type AppendRecord,
  type AssignmentHandler,
  type EventLog,
  LogUnavailableError,
  type PartitionHistory,
} from './port.ts'

const lookMs = 10_000
const requestMs = 5000
/** A broker that has just come up may not know a topic yet; after so many looks in a row it is gone. */
const unknownLooksMax = 3
const unknownTopic = 3
const retryMs = 200

export interface KafkaEventLogOptions {
  /** From `parseKafkaUrl`. */
  address: KafkaAddress
  /** Of a new topic; one that is there keeps its number. */
  partitions: number
  /** Copies of each record; undefined: 3, or as many as there are brokers if fewer. */
  replication?: number | undefined
  /** Most bytes waiting for Kafka; one append on its own may be larger. */
  pendingBytesMax: number
  /** After so long without a sign of life a worker loses its partitions. */
  sessionTimeoutMs: number
  /** An append that is not acknowledged by then fails with `LogUnavailableError`. */
  appendTimeoutMs?: number
  /** Workers that share the work have the same one. */
  consumer?: string
  clock?: Clock
  /** Something an operator should know; the text names no record content and no password. */
  warn: (message: string) => void
  /** The log cannot be worked with any more; the process has to end. */
  onFatal: (error: Error) => void
}

/**
 * Connects, makes or checks the topic, and gives the log.
 * @throws LogUnavailableError when no broker answers
 * @throws TopicDifferenceError when the topic is there and does not keep what is promised
 */
export async function openKafkaEventLog(options: KafkaEventLogOptions): Promise<EventLog> {
  const { address, partitions, replication } = options
  const topic = await prepareTopic(address, async (admin) =>
    eventsTopic(address.topicPrefix, partitions, await replicationOf(admin, replication)),
  )
  const cluster = await KafkaCluster.make(options.address, topic)
  try {
    const { topicId, leaders } = await untilKnown(cluster, topic)
    if (leaders.length !== options.partitions)
      options.warn(`topic ${topic} has ${leaders.length} partitions and keeps them, not ${options.partitions}`)
    const groupId = `${options.address.topicPrefix}-partitions-${topicId}`
    const memo = new PartitionsMemo(cluster, topic, groupId)
    const inUse = new PartitionsInUse((await memo.read()) ?? { count: leaders.length }, options.clock ?? systemClock)
    inUse.found(leaders.length)
    // Written again each time: Kafka forgets what nobody commits for a week.
    await memo.write(inUse.spread)
    return new KafkaEventLog({ logId: topicId, topic, cluster, memo, inUse }, options)
  } catch (error) {
    await cluster.close()
    throw error
  }
}

interface OpenTopic {
  readonly logId: string
  readonly topic: string
  readonly cluster: KafkaCluster
  readonly memo: PartitionsMemo
  readonly inUse: PartitionsInUse
}

class KafkaEventLog implements EventLog {
  readonly logId: string
  readonly #topic: string
  readonly #cluster: KafkaCluster
  readonly #options: KafkaEventLogOptions
  readonly #clock: Clock
  readonly #appends: KafkaAppends
  readonly #inUse: PartitionsInUse
  readonly #memo: PartitionsMemo
  readonly #looks: NodeJS.Timeout
  #group: KafkaGroup | undefined
  #assignments: KafkaAssignment[] = []
  #unknownLooks = 0
  #closed = false
  #isFatal = false

  constructor({ logId, topic, cluster, memo, inUse }: OpenTopic, options: KafkaEventLogOptions) {
    const { pendingBytesMax, appendTimeoutMs = 15_000, clock = systemClock } = options
    this.logId = logId
    this.#topic = topic
    this.#cluster = cluster
    this.#options = options
    this.#clock = clock
    this.#appends = new KafkaAppends(cluster, { topic, pendingBytesMax, appendTimeoutMs })
    this.#memo = memo
    this.#inUse = inUse
    this.#looks = setInterval(() => void this.#look(), lookMs)
    this.#looks.unref()
  }

  get partitions(): number {
    return this.#inUse.count
  }

  async append(records: readonly AppendRecord[]): Promise<AppendedAt[]> {
    this.#mustBeOpen()
    return await this.#appends.append(records)
  }

  async subscribe(handler: AssignmentHandler): Promise<void> {
    this.#mustBeOpen()
    await this.#group?.stop(true)
    const { consumer = 'headcount-worker', sessionTimeoutMs, warn } = this.#options
    // With the topic's id in its name, what was committed in a topic never counts in one made anew under its name.
    const groupId = `${this.#options.address.topicPrefix}-${consumer}-${this.logId}`
    const onFatal = (error: Error) => this.#fatal(error)
    const group: KafkaGroup = new KafkaGroup(
      this.#cluster,
      { groupId, topic: this.#topic, sessionTimeoutMs, warn, onFatal },
      {
        assign: (membership) => this.#assign(group, membership, handler),
        revoke: async () => {
          await Promise.all(this.#assignments.map((one) => one.revoke((partition) => handler.revoked(partition))))
        },
        end: () => {
          for (const assignment of this.#assignments) assignment.end()
        },
      },
    )
    this.#group = group
    await group.start()
  }

  async history(): Promise<PartitionHistory[]> {
    this.#mustBeOpen()
    const mustBeCurrent = () => this.#mustBeOpen()
    return this.#cluster.topic.leaders.map((_, partition) => {
      const bounds = () => this.#bounds({ partition, mustBeCurrent })
      const reader = new KafkaReader(this.#cluster, {
        topicId: this.logId,
        partition,
        purpose: 'history',
        bounds,
        mustBeCurrent,
        onTopicGone: () => void this.#look(),
      })
      return { partition, bounds, read: (from, limit) => reader.read(from, limit), close: () => reader.close() }
    })
  }

  /** Kafka's own retention does it. */
  async expire(): Promise<number> {
    this.#mustBeOpen()
    return 0
  }

  /** Of one copy of each partition; 0 when the user may not ask (DescribeLogDirs needs DESCRIBE on the cluster). */
  async bytes(): Promise<number> {
    this.#mustBeOpen()
    const led = new Map<number, number[]>()
    for (const [partition, leader] of this.#cluster.topic.leaders.entries())
      led.set(leader, [...(led.get(leader) ?? []), partition])
    const sizes = await Promise.all(
      [...led].map(async ([leader, partitions]) => {
        const link = await this.#cluster.link(leader, 'bytes', requestMs)
        return await link.send(logBytesExchange(this.#topic, partitions))
      }),
    ).catch(() => [])
    return sizes.reduce((sum, bytes) => sum + bytes, 0)
  }

  /** Assignments end with `StaleAssignmentError`; the handler's `revoked` is not called: its process is stopping. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    clearInterval(this.#looks)
    await this.#appends.idle()
    await this.#group?.stop(false)
    await this.#cluster.close()
  }

  #assign(group: KafkaGroup, membership: Membership, handler: AssignmentHandler): void {
    const epoch = epochOf(membership.generation, this.#clock.now())
    this.#assignments = [...membership.partitions]
      .sort((a, b) => a - b)
      .map((partition) => {
        const bounds = () => this.#bounds(assignment)
        const assignment: KafkaAssignment = new KafkaAssignment({ partition, epoch, membership, group, bounds })
        assignment.readWith(
          new KafkaReader(this.#cluster, {
            topicId: this.logId,
            partition,
            bounds,
            mustBeCurrent: () => assignment.mustBeCurrent(),
            onTopicGone: () => void this.#look(),
          }),
        )
        return assignment
      })
    for (const assignment of this.#assignments) handler.assigned(assignment)
  }

  /** While the leader is away this waits, as long as the assignment counts. */
  async #bounds(assignment: Pick<KafkaAssignment, 'partition' | 'mustBeCurrent'>): Promise<Bounds> {
    for (;;) {
      assignment.mustBeCurrent()
      try {
        return await readBounds(this.#cluster, this.#topic, assignment.partition)
      } catch {
        await new Promise((resolve) => setTimeout(resolve, retryMs))
        await this.#cluster.refresh().catch(() => undefined)
      }
    }
  }

  /** Every few seconds: is it still the same topic, and has it more partitions? */
  async #look(): Promise<void> {
    const topic = await this.#cluster.refresh().catch(() => undefined)
    if (!topic || this.#closed) return
    this.#unknownLooks = topic.errorCode === unknownTopic ? this.#unknownLooks + 1 : 0
    if (this.#unknownLooks >= unknownLooksMax)
      this.#fatal(new Error(`topic ${this.#topic} is gone from Kafka; a start makes a new, empty one`))
    if (topic.errorCode !== 0) return
    if (topic.topicId !== this.logId) {
      const what = `topic ${this.#topic} was made anew (its id was ${this.logId} and is ${topic.topicId})`
      return this.#fatal(new Error(`${what}: what was known of its positions does not hold; start again`))
    }
    const count = topic.leaders.length
    if (count > this.#inUse.count) await this.#agree(count).catch(() => undefined)
    this.#group?.lookAtPartitions()
  }

  /** Finds out from when on the others use partitions that the topic has got, or tells them. */
  async #agree(count: number): Promise<void> {
    const told = await this.#memo.read()
    if (told) this.#inUse.heed(told)
    if (!this.#inUse.found(count)) return
    await this.#memo.write(this.#inUse.spread)
    this.#options.warn(`topic ${this.#topic} has ${count} partitions now; new records use them from 0:00 UTC on`)
  }

  #fatal(error: Error): void {
    if (this.#isFatal || this.#closed) return
    this.#isFatal = true
    for (const assignment of this.#assignments) assignment.end()
    this.#options.onFatal(error)
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new LogUnavailableError('the event log is closed')
  }
}
