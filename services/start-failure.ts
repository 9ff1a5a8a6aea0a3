/** What a person reads when a start or a command fails: what is wrong and what to do, without a stack where we know. */

import { TopicDifferenceError } from '../infra/topics.ts'
import { CatalogueError } from '../shared/catalogue-field.ts'
import { ChoiceKeyError, ChoiceLogUnavailableError } from '../shared/choices/port.ts'
import { ConfigError } from '../shared/config.ts'
import { CredentialsError } from '../shared/credentials.ts'
import { DataDirectoryInUseError } from '../shared/data-directory.ts'
import { KafkaUrlError } from '../shared/eventlog/kafka-url.ts'
import { LogUnavailableError } from '../shared/eventlog/port.ts'
import { KeyValueUnavailableError } from '../shared/keyvalue/port.ts'
import { LedgerBrokenError } from '../shared/ledger/port.ts'
import { WarehouseUnavailableError } from '../shared/warehouse/port.ts'
import { HoldError } from './operator/holds.ts'
import { PartnerError } from './partners/partner-registry.ts'

/** Something that was to be expected, said in words that need no stack: what is wrong and what to do. */
export class ForeseenError extends Error {
  override readonly name = 'ForeseenError'
}

const foreseen = [
  ForeseenError,
  ConfigError,
  CatalogueError,
  CredentialsError,
  DataDirectoryInUseError,
  KafkaUrlError,
  TopicDifferenceError,
  LogUnavailableError,
  ChoiceKeyError,
  ChoiceLogUnavailableError,
  KeyValueUnavailableError,
  WarehouseUnavailableError,
  LedgerBrokenError,
  PartnerError,
  HoldError,
]

/** The text for standard error. Errors that nobody foresaw keep their stack. */
export function explain(error: unknown): string {
  for (const kind of foreseen) if (error instanceof kind) return error.message
  const { code, port, syscall, path } = error as { code?: string; port?: number; syscall?: string; path?: string }
  if (code === 'EADDRINUSE') {
    return `Port ${port} is taken by another program. Stop it, or choose other ports: HEADCOUNT_COLLECTOR_PORT=… HEADCOUNT_REPORTING_PORT=… npm start (0 picks free ones; with TLS also HEADCOUNT_COLLECTOR_TLS_PORT).`
  }
  if (code === 'EACCES' && syscall === 'listen')
    return `Port ${port} may not be used by this user. Choose ports above 1023 with HEADCOUNT_COLLECTOR_PORT, HEADCOUNT_COLLECTOR_TLS_PORT and HEADCOUNT_REPORTING_PORT.`
  if (code === 'EACCES' || code === 'EROFS')
    return `${path ?? 'The data directory'} cannot be written. Give this user the folder, or set HEADCOUNT_DATA_DIR to one that can be.`
  if (code === 'ENOSPC') return 'The disk is full. Make room, or set HEADCOUNT_DATA_DIR to another disk.'
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
