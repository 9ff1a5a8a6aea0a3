/**
 * The parts of kafkajs 2.2.4 below its producer and consumer: one broker's connection with TLS, sign-in and the group
 * protocol. Its consumer pushes batches and commits with whatever generation is current, its producer re-sends on its
 * own; the event log has to say itself what is fetched, which generation a commit belongs to, and what is sent again.
 * The version is pinned in package.json; test/contract/kafka.test.ts runs on what is described here.
 */
import { createRequire } from 'node:module'
import type { Socket } from 'node:net'

const require = createRequire(import.meta.url)

/** One TCP connection to a broker. */
export interface Connection {
  isConnected(): boolean
  /** Signs in if need be, and again when the broker asks for it from time to time. */
  authenticate(): Promise<void>
  nextCorrelationId(): number
  requestQueue: { push(request: PushedRequest): void }
  disconnect(): Promise<boolean>
  rejectRequests(error: Error): void
  socket?: Socket
}

/** What kafkajs's queue needs to match an answer to its request and to give up on it in time. */
export interface PushedRequest {
  entry: {
    apiKey: number
    apiVersion: number
    apiName: string
    correlationId: number
    resolve(answer: { payload: Buffer }): void
    reject(error: Error): void
  }
  expectResponse: true
  requestTimeout: number | undefined
  sendRequest(): void
}

export interface ConnectionPool {
  getConnection(index?: number): Promise<Connection>
  pool: Connection[]
}

interface TopicPartitions<P> {
  topic: string
  partitions: P[]
}

/** What is used of kafkajs's `Broker`; every call rejects with its protocol error (`type`, `code`, `retriable`). */
export interface Broker {
  connectionPool: ConnectionPool
  connect(): Promise<void>
  findGroupCoordinator(request: { groupId: string; coordinatorType: number }): Promise<{
    coordinator: { nodeId: number; host: string; port: number }
  }>
  joinGroup(request: {
    groupId: string
    sessionTimeout: number
    rebalanceTimeout: number
    memberId: string
    groupProtocols: { name: string; metadata: Buffer }[]
  }): Promise<{
    generationId: number
    leaderId: string
    memberId: string
    members: { memberId: string; memberMetadata: Buffer }[]
  }>
  syncGroup(request: {
    groupId: string
    generationId: number
    memberId: string
    groupAssignment: { memberId: string; memberAssignment: Buffer }[]
  }): Promise<{ memberAssignment: Buffer }>
  heartbeat(request: { groupId: string; groupGenerationId: number; memberId: string }): Promise<unknown>
  leaveGroup(request: { groupId: string; memberId: string }): Promise<unknown>
  offsetCommit(request: {
    groupId: string
    groupGenerationId: number
    memberId: string
    topics: TopicPartitions<{ partition: number; offset: string; metadata: string }>[]
  }): Promise<unknown>
  offsetFetch(request: { groupId: string; topics: TopicPartitions<{ partition: number }>[] }): Promise<{
    responses: TopicPartitions<{ partition: number; offset: string; metadata: string | null }>[]
  }>
  listOffsets(request: {
    replicaId: number
    isolationLevel: number
    topics: TopicPartitions<{ partition: number; timestamp: number }>[]
  }): Promise<{ responses: TopicPartitions<{ partition: number; offset: string }>[] }>
}

export interface LinkOptions {
  brokers: readonly string[]
  ssl: unknown
  sasl: unknown
  clientId: string
  connectionTimeout: number
  requestTimeout: number
  logger: unknown
}

const { createLogger } = require('kafkajs/src/loggers/index.js') as {
  createLogger(options: { level: number; logCreator: () => () => void }): unknown
}
const connectionPoolBuilder = require('kafkajs/src/cluster/connectionPoolBuilder.js') as (
  options: LinkOptions & { socketFactory: unknown; enforceRequestTimeout: boolean },
) => { build(destination: { host: string; port: number }): Promise<ConnectionPool> }
const defaultSocketFactory = require('kafkajs/src/network/socketFactory.js') as () => unknown
const BrokerClass = require('kafkajs/src/broker/index.js') as new (options: {
  connectionPool: ConnectionPool
  logger: unknown
  authenticationTimeout: number
  allowAutoTopicCreation: boolean
}) => Broker
const RequestQueue = require('kafkajs/src/network/requestQueue/index.js') as { prototype: RequestQueueParts }
export const { createErrorFromCode } = require('kafkajs/src/protocol/error.js') as {
  createErrorFromCode(code: number): Error & { type: string; code: number; retriable: boolean }
}

/** kafkajs's own log lines are left out: what matters comes back as an error, and is said in our words. */
export const silentLogger = createLogger({ level: 0, logCreator: () => () => undefined })

/** A broker that is not connected yet, for one purpose of one caller. */
export async function makeBroker(host: string, port: number, options: LinkOptions): Promise<Broker> {
  const builder = connectionPoolBuilder({
    ...options,
    socketFactory: defaultSocketFactory(),
    enforceRequestTimeout: true,
  })
  return new BrokerClass({
    connectionPool: await builder.build({ host, port }),
    logger: options.logger,
    authenticationTimeout: options.connectionTimeout,
    allowAutoTopicCreation: false,
  })
}

interface RequestQueueParts {
  throttledUntil: number
  throttleCheckTimeoutId: NodeJS.Timeout | null
  pending: unknown[]
  checkPendingRequests(): void
  scheduleCheckPendingRequests(): void
}

const checkPendingMs = 10

/**
 * kafkajs sets its next look for throttled requests also when nothing is throttled and nothing waits, at a time in the
 * past, which Node takes for 1 ms: a loop that never ends on every connection (kafkajs issue 1556). Here a look is set
 * only when there is something to look at.
 */
RequestQueue.prototype.scheduleCheckPendingRequests = function (this: RequestQueueParts): void {
  if (this.throttleCheckTimeoutId || this.pending.length === 0) return
  const throttledMs = this.throttledUntil - Date.now()
  this.throttleCheckTimeoutId = setTimeout(
    () => {
      this.throttleCheckTimeoutId = null
      this.checkPendingRequests()
    },
    throttledMs > 0 ? throttledMs : checkPendingMs,
  )
}
