/** A topic that is made when it is missing, and has to be as declared when it is there. */
import { type Admin, Kafka, logLevel } from 'kafkajs'
import { type DeclaredTopic, ensureTopics, TopicDifferenceError } from '../../infra/topics.ts'
import { type KafkaCluster, securityOf } from './kafka-cluster.ts'
import { inWords } from './kafka-error.ts'
import { clientId } from './kafka-exchange.ts'
import type { KafkaAddress } from './kafka-url.ts'
import { LogUnavailableError } from './port.ts'

const requestMs = 5000
const lookMs = 100
const looksMax = 50

/**
 * Returns the topic's name. A topic that is there keeps its partitions, as an embedded log does; its settings have to fit.
 * @throws LogUnavailableError when no broker answers
 * @throws TopicDifferenceError when the topic is there and does not keep what is promised
 */
export async function prepareTopic(
  address: KafkaAddress,
  declare: (admin: Admin) => Promise<DeclaredTopic>,
): Promise<string> {
  const kafka = new Kafka({
    brokers: [...address.brokers],
    clientId,
    logLevel: logLevel.NOTHING,
    retry: { retries: 3 },
    connectionTimeout: requestMs,
    requestTimeout: 3 * requestMs,
    ...((await securityOf(address)) as object),
  })
  const admin = kafka.admin()
  try {
    await admin.connect()
    const declared = await declare(admin)
    const found = (await admin.listTopics()).includes(declared.name)
    await ensureTopics(admin, [found ? { ...declared, partitions: 1 } : declared])
    return declared.name
  } catch (error) {
    if (error instanceof TopicDifferenceError) throw error
    const where = address.brokers.join(', ')
    throw new LogUnavailableError(`Kafka at ${where} cannot be used: ${inWords(error)}`, { cause: error })
  } finally {
    await admin.disconnect().catch(() => undefined)
  }
}

/** Every partition of a topic that was just made has a leader. @throws LogUnavailableError when Kafka does not know it */
export async function untilKnown(cluster: KafkaCluster, topic: string) {
  for (let looks = 1; ; looks++) {
    const known = await cluster.refresh()
    if (known.errorCode === 0 && (looks === looksMax || known.leaders.every((leader) => leader >= 0))) return known
    if (looks === looksMax) throw new LogUnavailableError(`Kafka does not know topic ${topic} yet`)
    await new Promise((resolve) => setTimeout(resolve, lookMs))
  }
}
