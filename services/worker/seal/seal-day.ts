/**
 * Sealing a day: exact cells of every released dataset, from the log itself. Nothing here is an estimate, and nothing
 * outlives the call but the cells that it gives: buckets and runs are keyed hashes in a folder that is removed, the key
 * is destroyed by the caller.
 *
 * How far each partition is read is written down before anything is read, so that a seal that is begun again after a
 * crash gives the same cells under the same key, but for those who have chosen meanwhile not to be in them.
 *
 * Choices are heeded to the last: a record is left out when it is read; whoever chooses after that is left out by the
 * hash of their unit when units are bounded (late-choices.ts), and is taken out of the cells until noise is drawn from them.
 */
import { rm } from 'node:fs/promises'
import path from 'node:path'
import type { Catalogue } from '../../../shared/catalogue.ts'
import type { ChoiceBook } from '../../../shared/choices/choice-book.ts'
import { LeftOut } from '../../../shared/choices/left-out.ts'
import type { EventLog } from '../../../shared/eventlog/port.ts'
import { KeyedHash } from '../../../shared/keyed-hash.ts'
import type { KeyValue } from '../../../shared/keyvalue/port.ts'
import type { ExactCell } from '../../release/release-types.ts'
import type { Locate } from '../locate.ts'
import { BoundedDay } from './bound-day.ts'
import { hashedSubject } from './hashed-unit.ts'
import { LateChoices } from './late-choices.ts'
import { readDay } from './read-day.ts'
import { ReleasedValues } from './released-values.ts'
import { sealLevels } from './seal-levels.ts'
import { UnitBuckets } from './unit-buckets.ts'

export interface SealTools {
  readonly log: EventLog
  readonly keyValue: KeyValue
  readonly catalogue: Catalogue
  readonly locate: Locate
  /** Whose records are left out. Without: nobody's. */
  readonly choices?: ChoiceBook | undefined
  /** Folder for buckets; nothing of it is needed after a crash. */
  readonly scratchDir: string
  readonly onProgress: (progress: SealProgress) => Promise<void>
}

/** How far a seal is. */
export interface SealProgress {
  readonly phase: 'reading' | 'bounding'
  /** Of `total`: records when reading, bytes when bounding. */
  readonly done: number
  readonly total: number
  readonly bytesRead: number
  readonly events: number
  readonly units: number
}

export interface SealedDay {
  /**
   * Takes out of the cells who has chosen until now not to be in them; to be called right before noise is drawn from
   * them. @throws ChoiceLogUnavailableError
   */
  heedChoices(): Promise<void>
  /** Exact cells of each level of a dataset, once only. */
  cellsOf(dataset: string): ReadonlyMap<string, Iterable<ExactCell>>
  readonly bytesRead: number
  readonly events: number
  readonly units: number
  /** Removes what is on disk. */
  remove(): Promise<void>
}

interface SealPlan {
  logId: string
  /** By partition, the position before which it is read. */
  before: Record<string, number>
}

const planPrefix = 'seal/'
/**
 * Each look costs the buckets of those who have chosen since the one before, so that looks soon follow so fast that nobody
 * has. Where somebody always has, the seal is tried again later.
 */
const looksMax = 1000

/**
 * @param day `YYYY-MM-DD`
 * @param sealKey 32 random bytes, the same each time the seal is begun again
 */
export async function sealDay(day: string, sealKey: Uint8Array, tools: SealTools): Promise<SealedDay> {
  const dir = path.join(tools.scratchDir, day)
  const buckets = await UnitBuckets.begin(path.join(dir, 'buckets'))
  try {
    return await countDay(day, sealKey, tools, buckets, dir)
  } catch (error) {
    await buckets.close()
    // Runs have exact counts in them: they do not wait for another try, which may never come.
    await rm(dir, { recursive: true, force: true })
    throw error
  }
}

async function countDay(
  day: string,
  sealKey: Uint8Array,
  tools: SealTools,
  buckets: UnitBuckets,
  dir: string,
): Promise<SealedDay> {
  const { catalogue, locate, choices, onProgress } = tools
  const key = new KeyedHash(sealKey)
  const late = await LateChoices.begin(choices, (subject) => hashedSubject(key, subject))
  const leftOut = new LeftOut(choices)
  const plan = await planOf(day, tools)
  const values = new ReleasedValues(catalogue)
  const levels = sealLevels(values.datasets)
  const seen = { bytesRead: 0, events: 0, units: 0 }
  const start = Date.parse(`${day}T00:00:00Z`)
  const histories = await tools.log.history()
  try {
    const bounds = await Promise.all(histories.map((history) => history.bounds()))
    const total = histories.reduce(
      (sum, { partition }, index) => sum + Math.max(0, beforeOf(plan, partition) - (bounds[index]?.start ?? 0)),
      0,
    )
    let done = 0
    const onRead = async (records: number, bytes: number, events: number) => {
      done += records
      seen.bytesRead += bytes
      seen.events += events
      await onProgress({ phase: 'reading', done, total, ...seen })
      await turn()
    }
    for (const history of histories)
      await readDay(history, beforeOf(plan, history.partition), start, {
        ...{ catalogue, values, locate, leftOut, sealKey, buckets, onRead },
      })
  } finally {
    for (const history of histories) await history.close()
  }
  const bucketBytes = buckets.bytes
  let bounded = 0
  await late.look()
  const bounding = async (bytes: number, units: number) => {
    bounded += bytes
    seen.units += units
    await onProgress({ phase: 'bounding', done: bounded, total: bucketBytes, ...seen })
  }
  const runsDir = path.join(dir, 'runs')
  const cells = await BoundedDay.of(buckets, { levels, sealKey, runsDir, turn, cuts: late.cuts, onBounded: bounding })
  return {
    ...seen,
    async heedChoices() {
      for (let looks = 0; looks < looksMax; looks++) {
        const cuts = await late.look()
        if (cuts.size === 0) return
        await cells.leaveOut(cuts)
        await bounding(0, 0)
      }
      throw new Error(`somebody in the day chose before each of ${looksMax} looks`)
    },
    cellsOf: (dataset) =>
      new Map(
        levels.flatMap((one, index) =>
          values.datasets[one.dataset]?.id === dataset ? [[one.level.level, cells.totals.cells(index)] as const] : [],
        ),
      ),
    remove: () => rm(dir, { recursive: true, force: true }),
  }
}

/** To be called once the day needs no seal any more. */
export async function forgetSeal(keyValue: KeyValue, day: string): Promise<void> {
  await keyValue.delete(planPrefix + day)
}

async function planOf(day: string, { log, keyValue }: SealTools): Promise<SealPlan> {
  const key = planPrefix + day
  const found = await keyValue.get(key)
  const known = found && (JSON.parse(found.toString()) as SealPlan)
  // Another log: what was planned of the old one's positions means nothing in it.
  if (known?.logId === log.logId) return known
  const histories = await log.history()
  const before: Record<string, number> = {}
  for (const history of histories) {
    before[history.partition] = (await history.bounds()).end
    await history.close()
  }
  const plan: SealPlan = { logId: log.logId, before }
  const ours = Buffer.from(JSON.stringify(plan))
  if (await keyValue.compareAndSet(key, found, ours)) return plan
  return planOf(day, { log, keyValue } as SealTools)
}

function beforeOf(plan: SealPlan, partition: number): number {
  return plan.before[partition] ?? 0
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
