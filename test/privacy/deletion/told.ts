/** What the process that is killed tells the campaign on standard output, a JSON object on each line, at once. */
import type { ChoiceAct } from '../../../shared/choices/port.ts'

/** A raw record, as it is in the log in the end. */
export interface FinalRecord {
  readonly device: number
  readonly partition: number
  readonly position: number
  readonly receivedAt: number
  readonly appendedAt: number
  readonly ids: readonly string[]
}

export interface FinalChoice {
  readonly id: string
  readonly device: number
  readonly act: ChoiceAct
  readonly at: number
}

/** Everything that there is in the end. */
export interface Final {
  readonly records: readonly FinalRecord[]
  readonly choices: readonly FinalChoice[]
  /** By device, the events of its cell in the table of days, once in all; devices are of the cell's own count. */
  readonly cells: readonly { device: number; grain: string; events: number; devices: number }[]
  /** `events` is undefined where the sum is withheld. */
  readonly released: readonly { group: string; devices: number; events: number | undefined }[]
  /** Choices of which the ledger has an entry, as often as it has one. */
  readonly entered: readonly string[]
}

export type Told =
  /** A life begins: the last position stored of each partition; whether the day is sealed. */
  | { marks: readonly number[]; sealed: boolean }
  /** An insert is asked of the warehouse; it is done. */
  | { inserting: number; before: number }
  | { inserted: number; before: number }
  /** Acknowledged. */
  | { chosen: string }
  | { look: true }
  /** The first noise after a look. */
  | { drawing: true }
  | { sealed: true }
  | { phase: string }
  | { final: Final }
  | { error: string }
  | { done: true }
