/**
 * One device that wants to be in every cell: thousands of events, again and again, in any order, over any partitions,
 * with crashes in the middle. It counts in at most C cells with at most M events in each, and always the same.
 */
import path from 'node:path'
import { type SealTools, sealDay } from '../../../services/worker/seal/seal-day.ts'
import type { Catalogue } from '../../../shared/catalogue.ts'
import { ManualClock } from '../../../shared/clock.ts'
import { encodeRecord, type SentEvent } from '../../../shared/event.ts'
import { MemoryEventLog } from '../../doubles/memory-event-log.ts'
import { MemoryKeyValue } from '../../doubles/memory-key-value.ts'
import { withTemporaryDirectory } from '../../fixtures/temporary-directory.ts'
import { type Attack, type AttackResult, type AttackTools, verdictOf } from '../attack/attack-types.ts'
import { Choices } from './choices.ts'
import { attackCatalogue } from './sealed-world.ts'

const day = '2026-11-23'
const noon = Date.parse(`${day}T12:00:00Z`)
const partitions = 3
/** Of the first device; the others send a few dozen. */
const eventsMax = 100_000
const versionsMax = 60

export const boundingAttack: Attack = {
  id: 'bounding',
  name: 'one device in every cell: many events, duplicates, reordered, replayed, crashes',
  trials: 10_000,
  trialsShort: 40,
  run: attack,
}

/** What one device comes to, by dataset and level. */
type Counted = Record<string, { cells: number; eventsMax: number; text: string }>

async function attack({ trials, random, onProgress }: AttackTools): Promise<AttackResult> {
  const choices = new Choices(random)
  const clock = new ManualClock(noon)
  const largest = new Map<string, { cells: number; events: number }>()
  let over = 0
  let different = 0
  let overWithout = 0
  let differentFirstCome = 0
  await withTemporaryDirectory(async (dir) => {
    for (let trial = 0; trial < trials; trial++) {
      const key = Buffer.from(Array.from({ length: 32 }, () => choices.below(256)))
      const events = sendMuch(choices, trial === 0 ? eventsMax : 1 + choices.below(80))
      const sealed = (sent: readonly SentEvent[], catalogue = attackCatalogue, crashAt?: number) =>
        seal({ clock, choices, dir, key, catalogue, crashAt }, sent)
      const first = await sealed(events)
      const again = choices.shuffled([...events, ...events.slice(0, choices.below(events.length + 1))])
      const replayed = await sealed(again)
      const crashed = await sealed(choices.shuffled(events), attackCatalogue, 1 + choices.below(3))
      for (const [place, { cells, eventsMax }] of Object.entries(first)) {
        const before = largest.get(place) ?? { cells: 0, events: 0 }
        largest.set(place, { cells: Math.max(before.cells, cells), events: Math.max(before.events, eventsMax) })
      }
      if (isOver(first)) over++
      if (textOf(first) !== textOf(replayed) || textOf(first) !== textOf(crashed)) different++
      if (isOver(await sealed(events, unbounded))) overWithout++
      if (firstCome(events) !== firstCome(again)) differentFirstCome++
      onProgress(trial + 1)
    }
  })
  const figures = [...largest].map(([place, { cells, events }]) => `${place} ${cells}/${events}`)
  return {
    trials,
    figure: `${over} over a bound, ${different} that differ when sent again`,
    bound: '0, 0',
    controlFigure: `${overWithout} over without bounds; ${differentFirstCome} differ where the first cells count`,
    verdict: verdictOf(over + different === 0, overWithout >= trials / 4 && differentFirstCome >= trials / 4),
    detail: [
      `most cells/events in a cell that one device came to: ${figures.join(', ')}`,
      `the first device sent ${eventsMax} events`,
    ],
  }
}

function sendMuch(choices: Choices, count: number): SentEvent[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `event-${index}`,
    time: noon + choices.below(3_600_000),
    feature: choices.pick(['a', 'b', 'c']),
    fields: { version: String(choices.below(versionsMax)) },
  }))
}

interface SealSetting {
  readonly clock: ManualClock
  readonly choices: Choices
  readonly dir: string
  readonly key: Uint8Array
  readonly catalogue: Catalogue
  /** At which of its reports of progress it dies the first time. */
  readonly crashAt: number | undefined
}

/** Sends the events in records of any size to any partition, and seals. */
async function seal(setting: SealSetting, events: readonly SentEvent[]): Promise<Counted> {
  const { clock, choices, dir, key, catalogue, crashAt } = setting
  const log = new MemoryEventLog(clock, partitions)
  for (let at = 0; at < events.length; ) {
    const size = 1 + choices.below(events.length > 1000 ? 2000 : 20)
    const value = encodeRecord({
      ...{ receivedAt: noon, route: 'node', ip: '192.0.2.1', userAgent: 'agent/1' },
      unit: { kind: 'device', id: 'the one' },
      events: events.slice(at, at + size),
    })
    await log.append([{ partition: choices.below(partitions), value }])
    at += size
  }
  const tools: SealTools = {
    ...{ log, keyValue: new MemoryKeyValue(clock), catalogue, locate: () => '', scratchDir: path.join(dir, 'seal') },
    onProgress: async () => undefined,
  }
  if (crashAt !== undefined) await sealAndCrash(tools, key, crashAt)
  const sealed = await sealDay(day, key, tools)
  const counted: Counted = {}
  for (const { id } of catalogue.datasets) {
    for (const [level, cells] of sealed.cellsOf(id)) {
      const all = [...cells]
      const text = JSON.stringify(all.map(({ values, devices, sums }) => [values, devices, sums.map(String)]))
      const most = all.reduce((max, { sums }) => Math.max(max, Number(sums[0])), 0)
      counted[`${id}.${level}`] = { cells: all.length, eventsMax: most, text }
    }
  }
  await sealed.remove()
  return counted
}

/** Few events are told of less often; then it comes to its end and is begun again all the same. */
async function sealAndCrash(tools: SealTools, key: Uint8Array, crashAt: number): Promise<void> {
  let reports = 0
  const onProgress = async () => {
    if (++reports === crashAt) throw new CrashError()
  }
  await sealDay(day, key, { ...tools, onProgress }).catch((error) => {
    if (!(error instanceof CrashError)) throw error
  })
}

class CrashError extends Error {}

/** The bounds are those of the catalogue as it was meant, whichever catalogue was sealed by. */
function isOver(counted: Counted): boolean {
  return attackCatalogue.datasets.some(({ id, release }) =>
    release.some(({ level, cellsMax, eventsMax }) => {
      const found = counted[`${id}.${level}`]
      return found !== undefined && (found.cells > cellsMax || found.eventsMax > eventsMax)
    }),
  )
}

function textOf(counted: Counted): string {
  return JSON.stringify(Object.entries(counted).map(([place, { text }]) => [place, text]))
}

/** Control: no C and M to speak of. */
const unbounded: Catalogue = {
  ...attackCatalogue,
  datasets: attackCatalogue.datasets.map((dataset) => ({
    ...dataset,
    release: dataset.release.map((level) => ({ ...level, cellsMax: 1000, eventsMax: 300 })),
  })),
}

/** Control: a unit's first C cells count, as they come. */
function firstCome(events: readonly SentEvent[]): string {
  const cells = new Set<string>()
  const cellsMax = attackCatalogue.datasets[0]?.release[0]?.cellsMax ?? 0
  for (const { feature, fields } of events) if (cells.size < cellsMax) cells.add(`${feature} ${fields.version}`)
  return [...cells].sort().join()
}
