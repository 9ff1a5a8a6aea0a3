/** A client of Kafka that is not ours, for what ours would never write. */
import { type Admin, CompressionTypes, Kafka, logLevel } from 'kafkajs'
import { untilLed } from '../../infra/topics.ts'

export interface OddMessage {
  readonly partition?: number
  readonly value: Buffer
  /** ms since the Unix epoch, in decimal. */
  readonly timestamp?: string
}

/** kafkajs names it in its types only. */
const ofTopic = 2

export class OddKafkaClient {
  readonly #kafka: Kafka

  constructor(brokers: readonly string[]) {
    this.#kafka = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING })
  }

  async send(topic: string, messages: readonly OddMessage[], isCompressed = false): Promise<void> {
    const producer = this.#kafka.producer()
    await producer.connect()
    try {
      const compression = isCompressed ? CompressionTypes.GZIP : CompressionTypes.None
      await producer.send({ topic, messages: [...messages], compression })
    } finally {
      await producer.disconnect()
    }
  }

  createTopic(topic: string): Promise<unknown> {
    return this.#admin(async (admin) => {
      await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: false })
      await untilLed(admin, topic)
    })
  }

  /** In place of all that it was set to. */
  setTopic(topic: string, configs: Readonly<Record<string, string>>): Promise<unknown> {
    const configEntries = Object.entries(configs).map(([name, value]) => ({ name, value }))
    const resources = [{ type: ofTopic, name: topic, configEntries }]
    return this.#admin((admin) => admin.alterConfigs({ validateOnly: false, resources }))
  }

  /** How many records were ever in its partitions. */
  endOf(topic: string): Promise<number> {
    return this.#admin(async (admin) =>
      (await admin.fetchTopicOffsets(topic)).reduce((sum, { high }) => sum + Number(high), 0),
    )
  }

  async #admin<T>(use: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = this.#kafka.admin()
    await admin.connect()
    try {
      return await use(admin)
    } finally {
      await admin.disconnect()
    }
  }
}
