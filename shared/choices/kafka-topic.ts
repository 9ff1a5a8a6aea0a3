/** The topic of choices as its followers use it: one partition, appended to, read forward, and its end asked for. */
import { choicesTopic, replicationOf } from '../../infra/topics.ts'
import { KafkaAppends } from '../eventlog/kafka-append.ts'
import { readBounds, readEnd } from '../eventlog/kafka-bounds.ts'
import { KafkaCluster } from '../eventlog/kafka-cluster.ts'
import { KafkaReader } from '../eventlog/kafka-reader.ts'
import { prepareTopic, untilKnown } from '../eventlog/kafka-topic.ts'
import type { KafkaAddress } from '../eventlog/kafka-url.ts'
import { type AppendedAt, LogUnavailableError } from '../eventlog/port.ts'
import { type ChoiceRecord, encodePacked, pack, toKafka } from './kafka-record.ts'
import { ChoiceLogUnavailableError } from './port.ts'

const partition = 0
const pendingBytesMax = 16 * 1024 * 1024
const unknownTopic = 3

export interface ChoiceTopicOptions {
  readonly address: KafkaAddress
  /** Copies of each record; undefined: 3, or as many as there are brokers if fewer. */
  readonly replication?: number | undefined
  /** An append that is not acknowledged by then fails. */
  readonly timeoutMs: number
}

/** `same`: it is there under its id. `gone`: Kafka does not know it, which a broker says of any topic when it has just come up. */
export type TopicState = 'same' | 'gone' | 'made anew' | 'unknown'

export class ChoiceTopic {
  readonly name: string
  readonly #id: string
  readonly #cluster: KafkaCluster
  readonly #appends: KafkaAppends

  private constructor(name: string, id: string, cluster: KafkaCluster, timeoutMs: number) {
    this.name = name
    this.#id = id
    this.#cluster = cluster
    const options = { topic: name, pendingBytesMax, appendTimeoutMs: timeoutMs, encode: encodePacked }
    this.#appends = new KafkaAppends(cluster, options)
  }

  /**
   * Finds or makes it.
   * @throws LogUnavailableError while Kafka is away, TopicDifferenceError when it does not keep what is promised
   */
  static async open({ address, replication, timeoutMs }: ChoiceTopicOptions): Promise<ChoiceTopic> {
    const name = await prepareTopic(address, async (admin) =>
      choicesTopic(address.topicPrefix, await replicationOf(admin, replication)),
    )
    const cluster = await KafkaCluster.make(address, name)
    try {
      return new ChoiceTopic(name, (await untilKnown(cluster, name)).topicId, cluster, timeoutMs)
    } catch (error) {
      await cluster.close()
      throw error
    }
  }

  /** Resolves when every copy in step has them, with where the last one is. @throws ChoiceLogUnavailableError */
  async append(records: readonly ChoiceRecord[]): Promise<AppendedAt> {
    try {
      const appended = await this.#appends.append(
        records.map((record) => ({ partition, value: pack(toKafka(record)) })),
      )
      return appended.at(-1)!
    } catch (error) {
      if (!(error instanceof LogUnavailableError)) throw error
      throw new ChoiceLogUnavailableError(error.message, { cause: error })
    }
  }

  /** The position after everything that had been acknowledged when this was called. Rejects while the leader is away. */
  async end(): Promise<number> {
    try {
      return await readEnd(this.#cluster, this.name, partition)
    } catch (error) {
      await this.#cluster.refresh().catch(() => undefined)
      throw error
    }
  }

  reader({ mustBeCurrent, onTopicGone }: { mustBeCurrent: () => void; onTopicGone: () => void }): KafkaReader {
    const bounds = () => readBounds(this.#cluster, this.name, partition)
    return new KafkaReader(this.#cluster, { topicId: this.#id, partition, bounds, mustBeCurrent, onTopicGone })
  }

  /** Never rejects. */
  async look(): Promise<TopicState> {
    const found = await this.#cluster.refresh().catch(() => undefined)
    if (found?.errorCode === unknownTopic) return 'gone'
    if (found?.errorCode !== 0) return 'unknown'
    return found.topicId === this.#id ? 'same' : 'made anew'
  }

  async close(): Promise<void> {
    await this.#appends.idle()
    await this.#cluster.close()
  }
}
