/** The stores of an installation as an audit sees them: read by the audit itself, past the processes that are audited. */
import type { Choice } from '../../../shared/choices/port.ts'
import type { EventLog } from '../../../shared/eventlog/port.ts'
import type { KeyValue } from '../../../shared/keyvalue/port.ts'
import type { WarehouseReader } from '../../../shared/warehouse/port.ts'

export interface Stores {
  readonly engines: 'embedded' | 'servers'
  /** What they are, without passwords. */
  readonly where: string
  /** For reading; appending, subscribing and expiring throw. */
  readonly log: EventLog
  /** For reading; writes throw, and no key of the secrets is ever read. */
  readonly keyValue: KeyValue
  /** The tables. Of an embedded installation: as they are at the first call. */
  tables(): Promise<Pick<WarehouseReader, 'select'>>
  /** All that is recorded now; undefined: there is no choice log. */
  choices(): Promise<readonly Choice[] | undefined>
  /** Topics of Kafka under our prefix that are none of ours. */
  unknownTopics(): Promise<readonly string[]>
  /** The data folder, where it is on this machine. */
  readonly dataDir: string | undefined
  /** Removes what the audit made. */
  close(): Promise<void>
}

/** An audit has tried to write: a mistake in its own code. */
export function refuseToWrite(): never {
  throw new Error('an audit does not write to the stores')
}
