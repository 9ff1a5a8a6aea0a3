/**
 * The brokers of one cluster as the event log needs them: who leads which partition of its topic, and a connection for
 * each purpose, so that a fetch that waits for records never holds up an append or a heartbeat.
 */
import { readFile } from 'node:fs/promises'
import { inWords, isHopeless } from './kafka-error.ts'
import { clientId, type Exchange, send } from './kafka-exchange.ts'
import { type Broker, type Connection, type LinkOptions, makeBroker, silentLogger } from './kafka-internals.ts'
import { type ClusterMetadata, metadataExchange, type TopicMetadata } from './kafka-requests.ts'
import type { KafkaAddress } from './kafka-url.ts'
import { LogUnavailableError } from './port.ts'

const connectMs = 5000
const metadataMs = 5000

/** One connection to one broker. */
export class Link {
  readonly broker: Broker
  readonly nodeId: number
  readonly #connection: Connection

  constructor(broker: Broker, nodeId: number, connection: Connection) {
    this.broker = broker
    this.nodeId = nodeId
    this.#connection = connection
  }

  get isOpen(): boolean {
    return this.#connection.isConnected()
  }

  send<T>(request: Exchange<T>, requestTimeoutMs?: number): Promise<T> {
    return send(this.#connection, request, requestTimeoutMs)
  }

  /** What waits for an answer is rejected; a broker that does not answer is not waited for. */
  close(): void {
    closePool(this.broker)
  }
}

function closePool({ connectionPool }: Broker): void {
  for (const connection of connectionPool.pool) {
    connection.rejectRequests(new LogUnavailableError('the connection to Kafka was closed'))
    connection.disconnect().catch(() => undefined)
    connection.socket?.destroy()
  }
}

export class KafkaCluster {
  readonly #options: Omit<LinkOptions, 'requestTimeout'>
  readonly #topic: string
  readonly #links = new Map<string, Promise<Link>>()
  #metadata: ClusterMetadata | undefined
  #refreshing: Promise<TopicMetadata> | undefined
  #closed = false

  private constructor(options: Omit<LinkOptions, 'requestTimeout'>, topic: string) {
    this.#options = options
    this.#topic = topic
  }

  static async make(address: KafkaAddress, topic: string): Promise<KafkaCluster> {
    const security = await securityOf(address)
    const options = { brokers: address.brokers, clientId, connectionTimeout: connectMs, logger: silentLogger }
    return new KafkaCluster({ ...options, ...security }, topic)
  }

  /** As of the last `refresh`. */
  get topic(): TopicMetadata {
    if (!this.#metadata) throw new LogUnavailableError('nothing is known of Kafka’s brokers yet')
    return this.#metadata.topic
  }

  /** Undefined while the partition has no leader that is known of. */
  leaderOf(partition: number): number | undefined {
    const leader = this.topic.leaders[partition]
    return leader === undefined || leader < 0 ? undefined : leader
  }

  /**
   * Asks any broker for the topic's id and leaders; calls that come meanwhile share the answer.
   * @throws LogUnavailableError when no broker answers
   */
  refresh(): Promise<TopicMetadata> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined
    })
    return this.#refreshing
  }

  /**
   * The connection to one broker for one purpose, opened if need be.
   * @param requestTimeoutMs after this long without an answer a request on it fails
   */
  link(nodeId: number, purpose: string, requestTimeoutMs: number): Promise<Link> {
    const place = this.#metadata?.brokers.get(nodeId)
    if (!place) return Promise.reject(new LogUnavailableError(`Kafka broker ${nodeId} is not known`))
    return this.#open(`${nodeId} ${purpose}`, nodeId, place, requestTimeoutMs)
  }

  /** Forgets a connection that failed; the next `link` opens a new one. */
  async drop(nodeId: number, purpose: string): Promise<void> {
    const key = `${nodeId} ${purpose}`
    const link = this.#links.get(key)
    this.#links.delete(key)
    await link?.then(
      (opened) => opened.close(),
      () => undefined,
    )
  }

  async close(): Promise<void> {
    this.#closed = true
    const links = [...this.#links.values()]
    this.#links.clear()
    for (const link of await Promise.allSettled(links)) if (link.status === 'fulfilled') link.value.close()
  }

  async #open(
    key: string,
    nodeId: number,
    place: { host: string; port: number },
    requestTimeoutMs: number,
  ): Promise<Link> {
    if (this.#closed) throw new LogUnavailableError('the event log is closed')
    const before = this.#links.get(key)
    if (before) {
      const link = await before
      if (link.isOpen) return link
      if (this.#links.get(key) === before) this.#links.delete(key)
      link.close()
      return this.#open(key, nodeId, place, requestTimeoutMs)
    }
    const opening = this.#connect(nodeId, place, requestTimeoutMs)
    this.#links.set(key, opening)
    opening.catch(() => {
      if (this.#links.get(key) === opening) this.#links.delete(key)
    })
    return opening
  }

  async #connect(nodeId: number, { host, port }: { host: string; port: number }, timeoutMs: number): Promise<Link> {
    const broker = await makeBroker(host, port, { ...this.#options, requestTimeout: timeoutMs })
    try {
      await broker.connect()
      const link = new Link(broker, nodeId, await broker.connectionPool.getConnection(0))
      if (!this.#closed) return link
    } catch (error) {
      closePool(broker)
      throw error
    }
    closePool(broker)
    throw new LogUnavailableError('the event log is closed')
  }

  async #refresh(): Promise<TopicMetadata> {
    const known = [...(this.#metadata?.brokers ?? [])].map(([nodeId, place]) => ({ nodeId, ...place }))
    const places = [...known, ...this.#options.brokers.map(bootstrapPlace)]
    let last: unknown
    for (const { nodeId, host, port } of places) {
      try {
        const link = await this.#open(`${nodeId} metadata`, nodeId, { host, port }, metadataMs)
        this.#metadata = await link.send(metadataExchange(this.#topic))
        return this.#metadata.topic
      } catch (error) {
        await this.drop(nodeId, 'metadata')
        if (isHopeless(error) || this.#closed) throw error
        last = error
      }
    }
    const where = this.#options.brokers.join(', ')
    throw new LogUnavailableError(`no Kafka broker answers at ${where} (${inWords(last)})`, { cause: last })
  }
}

/** Before anything is known of the cluster, brokers go by negative numbers. */
function bootstrapPlace(address: string, index: number): { nodeId: number; host: string; port: number } {
  const [host = '', port] = address.split(':')
  return { nodeId: -2 - index, host, port: Number(port) }
}

/** kafkajs's `ssl` and `sasl`, for its clients as for ours. */
export async function securityOf({ tls, caFile, login }: KafkaAddress) {
  const ca = caFile === undefined ? undefined : await readFile(caFile, 'utf8')
  return { ssl: tls ? (ca === undefined ? true : { ca: [ca] }) : undefined, sasl: login }
}
