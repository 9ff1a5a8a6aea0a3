/**
 * How many partitions new records are spread over, remembered in Kafka itself, so that every collector spreads them alike,
 * also one that starts just after partitions were added: the metadata of a commit of a group that nobody joins.
 */
import type { KafkaCluster, Link } from './kafka-cluster.ts'
import { Coordinator } from './kafka-coordinator.ts'
import { inWords } from './kafka-error.ts'
import type { Spread } from './kafka-partitions.ts'
import { LogUnavailableError } from './port.ts'

const requestTimeoutMs = 3000
const triesMax = 12

export class PartitionsMemo {
  readonly #topic: string
  readonly #groupId: string
  readonly #coordinator: Coordinator

  constructor(cluster: KafkaCluster, topic: string, groupId: string) {
    this.#topic = topic
    this.#groupId = groupId
    this.#coordinator = new Coordinator(cluster, groupId, requestTimeoutMs, () => undefined)
  }

  /** What was written last; undefined when nothing was, or long ago. @throws LogUnavailableError */
  async read(): Promise<Spread | undefined> {
    const topics = [{ topic: this.#topic, partitions: [{ partition: 0 }] }]
    const { responses } = await this.#ask(({ broker }) => broker.offsetFetch({ groupId: this.#groupId, topics }))
    const text = responses[0]?.partitions[0]?.metadata
    return text ? (JSON.parse(text) as Spread) : undefined
  }

  /** @throws LogUnavailableError */
  async write(spread: Spread): Promise<void> {
    const partitions = [{ partition: 0, offset: '0', metadata: JSON.stringify(spread) }]
    const topics = [{ topic: this.#topic, partitions }]
    // No member of the group: whoever may commit for it at all may write this.
    const commit = { groupId: this.#groupId, groupGenerationId: -1, memberId: '', topics }
    await this.#ask(({ broker }) => broker.offsetCommit(commit))
  }

  async #ask<T>(request: (link: Link) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await request(await this.#coordinator.link())
      } catch (error) {
        if (tries === triesMax)
          throw new LogUnavailableError(`Kafka does not say how records are spread: ${inWords(error)}`, {
            cause: error,
          })
        await this.#coordinator.recover(error)
      }
    }
  }
}
