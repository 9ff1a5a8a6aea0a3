/** The engines, each chosen once, by its setting. */
import path from 'node:path'
import type { Clock } from '../shared/clock.ts'
import type { Config } from '../shared/config.ts'
import { openEmbeddedEventLog } from '../shared/eventlog/embedded.ts'
import type { EventLog } from '../shared/eventlog/port.ts'
import { openEmbeddedKeyValue } from '../shared/keyvalue/embedded.ts'
import type { KeyValue } from '../shared/keyvalue/port.ts'
import type { Logger } from '../shared/logger.ts'
import { openEmbeddedWarehouse } from '../shared/warehouse/embedded.ts'
import type { Warehouse } from '../shared/warehouse/port.ts'

export interface EngineOptions {
  readonly config: Config
  readonly clock: Clock
  readonly logger: Logger
  /** Called when an engine says that this process must end: its topic was made anew, for example. */
  readonly onFatal: (error: unknown) => void
}

export const isEmbedded = (url: string): boolean => url === 'embedded:'

export async function openEventLog({ config, clock, logger }: EngineOptions): Promise<EventLog> {
  return await openEmbeddedEventLog({
    dir: path.join(config.dataDir, 'event-log'),
    partitions: config.partitions,
    clock,
    pendingBytesMax: config.pendingBytesMax,
    warn: (message) => logger.warn(message),
  })
}

export async function openKeyValue({ config, clock }: EngineOptions): Promise<KeyValue> {
  return await openEmbeddedKeyValue({ dir: path.join(config.dataDir, 'key-value'), clock })
}

export async function openWarehouse({ config }: EngineOptions): Promise<Warehouse> {
  return await openEmbeddedWarehouse({ dir: path.join(config.dataDir, 'warehouse') })
}
