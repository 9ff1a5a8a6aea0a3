/** Telling a server that is away from everything else that can go wrong. */
import { ChoiceLogUnavailableError } from './choices/port.ts'
import { LogUnavailableError } from './eventlog/port.ts'
import { KeyValueUnavailableError } from './keyvalue/port.ts'
import { WarehouseUnavailableError } from './warehouse/port.ts'

/** Whether it is a matter of waiting: a server is away, and what it was asked may or may not have been done. */
export function isUnavailable(error: unknown): boolean {
  return (
    error instanceof LogUnavailableError ||
    error instanceof ChoiceLogUnavailableError ||
    error instanceof KeyValueUnavailableError ||
    error instanceof WarehouseUnavailableError
  )
}
