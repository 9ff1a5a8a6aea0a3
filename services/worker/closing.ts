/**
 * Closing an epoch takes the consent of every partition's worker, wherever it runs: the wish is announced in the
 * key-value store; each worker stops using the epoch's keys between two batches and says so with its progress; only
 * then do the windows become final. Otherwise a batch could add to a window that has just been counted.
 */
import type { KeyValue } from '../../shared/keyvalue/port.ts'
import type { EpochName } from '../../shared/window.ts'
import type { DueEpoch } from './close-epochs.ts'
import type { ToldProgress } from './shared-progress.ts'

const prefix = 'closing/'

export interface Closing extends DueEpoch {
  /** When it was announced; ms since the Unix epoch. */
  readonly since: number
}

/** Announces that the epoch is to close. From now on it cannot be taken back. */
export async function announceClosing(keyValue: KeyValue, { name, overdue }: DueEpoch, now: number): Promise<void> {
  await keyValue.putIfAbsent(prefix + name, Buffer.from(JSON.stringify({ overdue, since: now })))
}

/** The epochs that are being closed, oldest first. */
export async function closings(keyValue: KeyValue): Promise<Closing[]> {
  const found: Closing[] = []
  for await (const [key, value] of keyValue.scan(prefix)) {
    const { overdue, since } = JSON.parse(value.toString()) as { overdue: boolean; since: number }
    found.push({ name: key.slice(prefix.length) as EpochName, overdue, since })
  }
  return found
}

/** To be called once it has closed. */
export async function closingDone(keyValue: KeyValue, name: EpochName): Promise<void> {
  await keyValue.delete(prefix + name)
}

/** Whether no partition's worker uses the epoch's keys any more. */
export function isHeeded(name: EpochName, told: readonly ToldProgress[], partitions: number): boolean {
  return everyPartition(told, partitions) && told.every(({ heeded }) => heeded.includes(name))
}

/** Whether every partition of the log has been heard of: one that has not is behind by an unknown time. */
export function everyPartition(told: readonly ToldProgress[], partitions: number): boolean {
  const heard = new Set(told.map(({ partition }) => partition))
  for (let partition = 0; partition < partitions; partition++) if (!heard.has(partition)) return false
  return true
}
