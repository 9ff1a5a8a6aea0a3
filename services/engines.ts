/** The engines, each chosen once, by its setting. */
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ChoiceBook } from '../shared/choices/choice-book.ts'
import { openEmbeddedChoiceLog } from '../shared/choices/embedded.ts'
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

/** @throws WarehouseUnavailableError when ClickHouse cannot be reached now */
export async function openWarehouse({ config, logger }: EngineOptions): Promise<Warehouse> {
  if (isEmbedded(config.warehouseUrl))
    return await openEmbeddedWarehouse({ dir: path.join(config.dataDir, 'warehouse') })
  const { warehouseUrl: url, warehouseReaderUrl: readerUrl } = config
  return await openServerWarehouse({ url, readerUrl, warn: (message) => logger.warn(message) })
}

/** Who has chosen what. On servers there is none yet: collectors and workers of their own honour the signals of a request only. */
export async function openChoiceBook({ config, clock }: EngineOptions, adminToken: string): Promise<ChoiceBook> {
  const choiceKey = choiceKeyFrom(config.choiceKey || adminToken)
  const log = await openEmbeddedChoiceLog({ dir: path.join(config.dataDir, 'choices'), choiceKey, clock })
  return { log, subjectOf: createSubjectHash(choiceKey) }
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
