/** The engines, each chosen once, by its setting. */
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ChoiceBook } from '../shared/choices/choice-book.ts'
import { openEmbeddedChoiceLog } from '../shared/choices/embedded.ts'
import { openKafkaChoiceLog } from '../shared/choices/kafka.ts'
import type { ChoiceLog } from '../shared/choices/port.ts'
import { choiceKeyFrom, createSubjectHash } from '../shared/choices/subject.ts'
import type { Clock } from '../shared/clock.ts'
import type { Config } from '../shared/config.ts'
import { openEmbeddedEventLog } from '../shared/eventlog/embedded.ts'
import { openKafkaEventLog } from '../shared/eventlog/kafka.ts'
import { parseKafkaUrl } from '../shared/eventlog/kafka-url.ts'
import type { EventLog } from '../shared/eventlog/port.ts'
import { openEmbeddedKeyValue } from '../shared/keyvalue/embedded.ts'
import type { KeyValue } from '../shared/keyvalue/port.ts'
import { openRedisKeyValue } from '../shared/keyvalue/redis.ts'
import type { Logger } from '../shared/logger.ts'
import { isUnavailable } from '../shared/unavailable.ts'
import { openEmbeddedWarehouse } from '../shared/warehouse/embedded.ts'
import type { Warehouse } from '../shared/warehouse/port.ts'
import { openServerWarehouse } from '../shared/warehouse/server.ts'
import { wholeOrClosed } from './transfer/restore-mark.ts'

export interface EngineOptions {
  readonly config: Config
  readonly clock: Clock
  readonly logger: Logger
  /** Called when an engine says that this process must end: its topic was made anew, for example. */
  readonly onFatal: (error: unknown) => void
}

/** Then a collector turns to its spool; its senders must not have given up by then. */
const appendTimeoutMs = 2500
const retryMsMin = 500
const retryMsMax = 10_000

export const isEmbedded = (url: string): boolean => url === 'embedded:'

/** @throws LogUnavailableError when Kafka cannot be reached now */
export async function openEventLog({ config, clock, logger, onFatal }: EngineOptions): Promise<EventLog> {
  const shared = {
    partitions: config.partitions,
    clock,
    pendingBytesMax: config.pendingBytesMax,
    warn: (message: string) => logger.warn(message),
  }
  if (isEmbedded(config.eventLogUrl))
    return await openEmbeddedEventLog({ ...shared, dir: path.join(config.dataDir, 'event-log') })
  const { replication, sessionTimeoutMs } = config
  const address = parseKafkaUrl(config.eventLogUrl)
  return await openKafkaEventLog({ ...shared, address, replication, sessionTimeoutMs, appendTimeoutMs, onFatal })
}

/** @throws KeyValueUnavailableError when Redis cannot be reached now */
export async function openKeyValue({ config, clock, logger }: EngineOptions): Promise<KeyValue> {
  if (isEmbedded(config.keyValueUrl))
    return await openEmbeddedKeyValue({ dir: path.join(config.dataDir, 'key-value'), clock })
  return await openRedisKeyValue({ url: config.keyValueUrl, warn: (message) => logger.warn(message) })
}

/**
 * @throws WarehouseUnavailableError when ClickHouse cannot be reached now
 * @throws ForeseenError when what is in it is half of an export that is being restored
 */
export async function openWarehouse(options: EngineOptions): Promise<Warehouse> {
  return await wholeOrClosed(await openAnyWarehouse(options))
}

/** The same, whatever is in it: for the command that restores. */
export async function openAnyWarehouse({ config, logger }: EngineOptions): Promise<Warehouse> {
  if (isEmbedded(config.warehouseUrl))
    return await openEmbeddedWarehouse({ dir: path.join(config.dataDir, 'warehouse') })
  const { warehouseUrl: url, warehouseReaderUrl: readerUrl } = config
  return await openServerWarehouse({ url, readerUrl, warn: (message) => logger.warn(message) })
}

/** Who has chosen what; kept where the event log is. With Kafka it opens at once, and says itself when it has been read. */
export async function openChoiceBook(options: EngineOptions, adminToken: string): Promise<ChoiceBook> {
  const choiceKey = choiceKeyFrom(options.config.choiceKey || adminToken)
  return { log: await openChoiceLog(options, choiceKey), subjectOf: createSubjectHash(choiceKey) }
}

async function openChoiceLog({ config, clock, logger, onFatal }: EngineOptions, choiceKey: Buffer): Promise<ChoiceLog> {
  if (isEmbedded(config.eventLogUrl))
    return await openEmbeddedChoiceLog({ dir: path.join(config.dataDir, 'choices'), choiceKey, clock })
  const { replication, eventLogUrl } = config
  const warn = (message: string) => logger.warn(message)
  return openKafkaChoiceLog({ address: parseKafkaUrl(eventLogUrl), choiceKey, replication, warn, onFatal })
}

/** Tries until it works; errors other than a server's being away are not waited on. */
export async function whenReachable<T>(logger: Logger, signal: AbortSignal, open: () => Promise<T>): Promise<T> {
  for (let waitMs = retryMsMin; ; waitMs = Math.min(retryMsMax, waitMs * 2)) {
    try {
      return await open()
    } catch (error) {
      if (!isUnavailable(error) || signal.aborted) throw error
      logger.warn({ err: error, waitMs }, 'a server cannot be reached; it is tried again')
      await sleep(waitMs, undefined, { signal })
    }
  }
}
