/**
 * What the attacks on sealing seal: a small catalogue with two released datasets, days of generated senders, and an event
 * log that has them. All of it follows from a seed.
 */
import { Random } from '../../../services/command-line/demo-random.ts'
import { parseCatalogue } from '../../../shared/catalogue-file.ts'
import { type Clock, ManualClock } from '../../../shared/clock.ts'
import { encodeRecord, type SentRecord } from '../../../shared/event.ts'
import { openEmbeddedEventLog } from '../../../shared/eventlog/embedded.ts'
import type { EventLog } from '../../../shared/eventlog/port.ts'
import { dayMs, hourMs, minuteMs, utcDay } from '../../../shared/window.ts'

/** A budget large enough that a few hundred devices pass the thresholds: more rows, more that could differ. */
export const attackCatalogue = parseCatalogue(
  `
version: "1"
title: attacks on sealing
k: 2
releases: { rho: 1/2, k: 5 }
features:
  - { id: a, title: A }
  - { id: b, title: B }
  - { id: c, title: C }
dimensions:
  - { id: feature, title: Feature, from: feature }
  - { id: version, title: Version, from: event, rule: '\\d+', cap: 50 }
datasets:
  - id: usage
    title: Usage
    dimensions: [feature, version]
    audience: partners
    release:
      - { level: leaf, by: [feature, version], cells: 3, events: 4, share: 4/5 }
      - { level: total, events: 6, share: 1/5 }
  - id: versions
    title: Versions
    dimensions: [version]
    audience: partners
    release:
      - { level: leaf, by: [version], cells: 2, events: 5, share: 1 }
`,
  'attacks',
)

export const partitions = 2

/** The log in that folder, unsynced: kills are looked at here, power cuts elsewhere. */
export function openWorldLog(dir: string, clock: Clock): Promise<EventLog> {
  return openEmbeddedEventLog({ dir, partitions, clock, fsync: false, pendingBytesMax: 1e9 })
}
/** The first of the days that were there while the installation ran; days before it were imported. */
export const begunAt = Date.parse('2026-11-02T00:00:00Z')

export interface DayPlan {
  readonly days: readonly string[]
  /** After all of them have closed; ms since the Unix epoch. */
  readonly after: number
}

/** Half of the days imported (released when somebody asks), half of them live (released by themselves). */
export function planDays(count: number): DayPlan {
  const imported = Math.floor(count / 2)
  const days = Array.from({ length: count }, (_, index) => utcDay(begunAt + (index - imported) * dayMs))
  return { days, after: begunAt + (count + 3) * dayMs }
}

export const isImported = (day: string): boolean => Date.parse(day) < begunAt

/** Records of one day: some events of a device are sent twice, some devices are in both partitions. */
export function recordsOfDay(day: string, devices: number, random: Random): SentRecord[] {
  const start = Date.parse(`${day}T00:00:00Z`)
  const route = isImported(day) ? 'import-all' : 'node'
  const records: SentRecord[] = []
  for (let device = 0; device < devices; device++) {
    const id = `${day}-device-${device}`
    for (let batch = random.integer(1, 2); batch > 0; batch--) {
      const events = Array.from({ length: random.integer(1, 5) }, (_, number) => ({
        id: `${id}-${batch}-${number}`,
        time: start + hourMs + random.integer(0, 20 * 60) * minuteMs,
        feature: random.pick(['a', 'b', 'c']),
        fields: { version: String(random.integer(1, 2)) },
      }))
      const record: SentRecord = {
        ...{ receivedAt: start + 12 * hourMs, route, ip: '192.0.2.1', userAgent: 'agent/1' },
        unit: { kind: 'device', id },
        events,
      }
      records.push(record)
      if (random.chance(0.1)) records.push(record)
    }
  }
  return random.shuffled(records)
}

export async function appendRecords(log: Pick<EventLog, 'append'>, records: readonly SentRecord[], random: Random) {
  await log.append(
    records.map((record) => ({ partition: random.integer(0, partitions - 1), value: encodeRecord(record) })),
  )
}

/** Writes an embedded log with all days into `dir`. */
export async function writeLog(dir: string, { days }: DayPlan, devices: number, seed: number): Promise<void> {
  const random = new Random(seed)
  const clock = new ManualClock(begunAt)
  const log = await openWorldLog(dir, clock)
  for (const day of days) {
    if (!isImported(day)) clock.set(Date.parse(`${day}T22:00:00Z`))
    await appendRecords(log, recordsOfDay(day, devices, random), random)
  }
  await log.close()
}
