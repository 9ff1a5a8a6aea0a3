/**
 * How far every partition is, told by its worker through the key-value store: windows close by the slowest partition,
 * whoever consumes it, and a command that waits for its lines need not know which worker has them.
 */
import type { KeyValue } from '../../shared/keyvalue/port.ts'
import type { EpochName } from '../../shared/window.ts'
import type { Progress } from './consume.ts'

const prefix = 'progress/'

/** What became of imported lines of a partition, since its log began. */
export interface ImportTally {
  counted: number
  /** Known from an earlier import. */
  duplicate: number
  /** Their day, week or month has closed. */
  late: number
  bot: number
}

export interface ToldProgress extends Progress {
  readonly logId: string
  /** The assignment's: a holder that has been replaced must not speak for the partition any more. */
  readonly epoch: number
  /** Closing epochs whose keys this partition's worker uses no more. */
  readonly heeded: readonly EpochName[]
  readonly tally: ImportTally
}

/** Tells it, unless a later holder of the partition has spoken. False: it has. */
export async function tellProgress(keyValue: KeyValue, progress: ToldProgress): Promise<boolean> {
  const key = prefix + progress.partition
  for (;;) {
    const found = await keyValue.get(key)
    const before = found && parse(found)
    if (before && before.logId === progress.logId && before.epoch > progress.epoch) return false
    const value = Buffer.from(JSON.stringify(progress))
    if (await keyValue.compareAndSet(key, found, value)) return true
  }
}

/** What was told of a partition of that log, if anything. */
export async function toldProgress(
  keyValue: KeyValue,
  logId: string,
  partition: number,
): Promise<ToldProgress | undefined> {
  const found = await keyValue.get(prefix + partition)
  const told = found && parse(found)
  return told?.logId === logId ? told : undefined
}

/** All that was told of the partitions of that log. */
export async function allProgress(keyValue: KeyValue, logId: string): Promise<ToldProgress[]> {
  const told: ToldProgress[] = []
  for await (const [, value] of keyValue.scan(prefix)) {
    const one = parse(value)
    if (one.logId === logId) told.push(one)
  }
  return told
}

export function addTallies(tallies: readonly ImportTally[]): ImportTally {
  const sum: ImportTally = { counted: 0, duplicate: 0, late: 0, bot: 0 }
  for (const tally of tallies) for (const name of Object.keys(sum) as (keyof ImportTally)[]) sum[name] += tally[name]
  return sum
}

function parse(value: Buffer): ToldProgress {
  return JSON.parse(value.toString()) as ToldProgress
}
